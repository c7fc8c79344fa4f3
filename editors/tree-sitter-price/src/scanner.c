// Newlines, parentheses, and what takes a look further ahead than one word.
//
// A newline ends a statement, except between parentheses, where it is space; so the parentheses
// are counted here. One that is left open does not eat the file: a closing brace, or an item word
// in column 0, ends it.

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

#include <string.h>

// In the order of `externals` in grammar.js.
enum Token { NEWLINE, CONTINUATION, CALL_OPEN, PAREN_OPEN, PAREN_CLOSE, OR_ELSE, CALL_AHEAD };

typedef struct {
    uint8_t depth;
} Scanner;

static const char *const ITEM_WORDS[] = {
    "amendment", "assert",  "calendar", "contract", "currency", "dimension", "event", "formula", "holidays",
    "let",       "meter",   "plan",     "ratecard", "test",     "unit",      "use",
};

enum { LONGEST_ITEM_WORD = 9 };

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_letter(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool is_id(int32_t c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

// Whether the word that was just read goes on. Reads past a `-`.
static bool word_goes_on(TSLexer *lexer) {
    if (lexer->lookahead == '-') {
        lexer->advance(lexer, false);
    }
    return is_id(lexer->lookahead);
}

static bool read_item_word(TSLexer *lexer) {
    char word[LONGEST_ITEM_WORD + 1];
    size_t length = 0;
    while (lexer->lookahead >= 'a' && lexer->lookahead <= 'z') {
        if (length == LONGEST_ITEM_WORD) {
            return false;
        }
        word[length++] = (char)lexer->lookahead;
        lexer->advance(lexer, false);
    }
    word[length] = '\0';
    if (length == 0 || word_goes_on(lexer)) {
        return false;
    }
    for (size_t i = 0; i < sizeof ITEM_WORDS / sizeof *ITEM_WORDS; i++) {
        if (strcmp(word, ITEM_WORDS[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_text(TSLexer *lexer, const char *text) {
    for (; *text != '\0'; text++) {
        if (lexer->lookahead != *text) {
            return false;
        }
        lexer->advance(lexer, false);
    }
    return true;
}

// One token for a run of empty lines.
static bool scan_newline(Scanner *scanner, TSLexer *lexer, const bool *valid) {
    if (scanner->depth == 0 && !valid[NEWLINE]) {
        return false;
    }
    bool indented = false;
    while (lexer->lookahead == '\n') {
        lexer->advance(lexer, false);
        lexer->mark_end(lexer);
        indented = is_blank(lexer->lookahead);
        while (is_blank(lexer->lookahead)) {
            lexer->advance(lexer, false);
        }
    }
    if (scanner->depth > 0 && lexer->lookahead != '}' && (indented || !read_item_word(lexer))) {
        lexer->result_symbol = CONTINUATION;
        return valid[CONTINUATION];
    }
    scanner->depth = 0;
    lexer->result_symbol = NEWLINE;
    return valid[NEWLINE];
}

static bool scan_or_else(Scanner *scanner, TSLexer *lexer) {
    if (!read_text(lexer, "or")) {
        return false;
    }
    bool apart = false;
    while (is_blank(lexer->lookahead) || (scanner->depth > 0 && lexer->lookahead == '\n')) {
        lexer->advance(lexer, false);
        apart = true;
    }
    if (!apart || !read_text(lexer, "else")) {
        return false;
    }
    lexer->mark_end(lexer);
    lexer->result_symbol = OR_ELSE;
    return !word_goes_on(lexer);
}

// An empty token in front of a name that touches a parenthesis.
static bool scan_call_ahead(TSLexer *lexer) {
    lexer->mark_end(lexer);
    lexer->result_symbol = CALL_AHEAD;
    if (!is_letter(lexer->lookahead)) {
        return false;
    }
    while (is_id(lexer->lookahead) || lexer->lookahead == '-') {
        lexer->advance(lexer, false);
    }
    return lexer->lookahead == '(';
}

void *tree_sitter_price_external_scanner_create(void) { return ts_calloc(1, sizeof(Scanner)); }

void tree_sitter_price_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_price_external_scanner_serialize(void *payload, char *buffer) {
    buffer[0] = (char)((Scanner *)payload)->depth;
    return 1;
}

void tree_sitter_price_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    ((Scanner *)payload)->depth = length > 0 ? (uint8_t)buffer[0] : 0;
}

bool tree_sitter_price_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
    Scanner *scanner = payload;
    bool spaced = false;
    while (is_blank(lexer->lookahead)) {
        lexer->advance(lexer, true);
        spaced = true;
    }
    switch (lexer->lookahead) {
    case '\n':
        return scan_newline(scanner, lexer, valid);
    case '(':
        if (!valid[CALL_OPEN] && !valid[PAREN_OPEN]) {
            return false;
        }
        lexer->result_symbol = valid[CALL_OPEN] && (!spaced || !valid[PAREN_OPEN]) ? CALL_OPEN : PAREN_OPEN;
        lexer->advance(lexer, false);
        scanner->depth += scanner->depth < UINT8_MAX;
        return true;
    case ')':
        if (!valid[PAREN_CLOSE]) {
            return false;
        }
        lexer->result_symbol = PAREN_CLOSE;
        lexer->advance(lexer, false);
        scanner->depth -= scanner->depth > 0;
        return true;
    default:
        // No bound of a tier ends a line; where all is valid, a mistake is being mended.
        if (valid[CALL_AHEAD] && !valid[NEWLINE]) {
            return scan_call_ahead(lexer);
        }
        return valid[OR_ELSE] && scan_or_else(scanner, lexer);
    }
}
