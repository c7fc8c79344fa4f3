//! Compiles the generated parser.

fn main() {
    let mut build = cc::Build::new();
    build.std("c11").include("src").warnings(false).opt_level(1);
    for file in ["src/parser.c", "src/scanner.c"] {
        println!("cargo:rerun-if-changed={file}");
        build.file(file);
    }
    build.compile("tree-sitter-price");
}
