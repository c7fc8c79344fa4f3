# Makes highlights.scm of ../highlights.scm: Helix has other names for some captures.
s/@comment\.documentation/@comment.block.documentation/
s/@number/@constant.numeric/
s/@property/@variable.other.member/
s/@module/@namespace/
s/@function\.call/@function/
s/@keyword\.import/@keyword.control.import/
