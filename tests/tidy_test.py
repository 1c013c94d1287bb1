#!/usr/bin/env python3
"""tools/tidy.py must fail where the rules are broken, and only there."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEFTOVER = "TO" + "DO"
ID = "S" + "-1"
NAMED = "TEST(Other, S" + "1IsRefused) {}\n"


class Tree:
    """A small tree in a temporary folder that keeps every rule until a test breaks one."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tidy"))
        self.write("tools/layers.txt", (ROOT / "tools/layers.txt").read_text())
        self.write("src/core/wire.h", "#pragma once\n\n#include <cstdint>\n")
        self.write("src/core/wire.cc", '#include "core/wire.h"\n')
        self.write("src/core/wire_test.cc", '#include <gtest/gtest.h>\n\n#include "core/wire.h"\n')
        self.write("include/parley/event.h", "#pragma once\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def tidy(self):
        result = subprocess.run([sys.executable, ROOT / "tools/tidy.py", "--root", self.root],
                                capture_output=True, text=True, check=False)
        return result.returncode, result.stdout


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.tree = Tree()
        self.addCleanup(shutil.rmtree, self.tree.root)

    def passes(self):
        code, output = self.tree.tidy()
        self.assertEqual(code, 0, output)

    def fails(self, *words):
        code, output = self.tree.tidy()
        self.assertEqual(code, 1, output)
        for word in words:
            self.assertIn(word, output)

    def core(self, text):
        self.tree.write("src/core/wire.cc", '#include "core/wire.h"\n' + text)

    def in_layer(self, layer, text):
        self.tree.write(f"src/{layer}/thing.cc", text)
        self.tree.write(f"src/{layer}/thing_test.cc", "#include <gtest/gtest.h>\n")

    def test_a_tree_that_keeps_the_rules_passes(self):
        self.passes()

    # What a core must not touch.

    def test_a_core_may_not_include_socket_headers(self):
        self.core("#include <sys/socket.h>\n")
        self.fails("src/core/wire.cc:2", "core may not include <sys/socket.h>")

    def test_a_core_may_not_open_a_socket(self):
        self.core("int f() { return ::socket(2, 2, 0); }\n")
        self.fails("src/core/wire.cc:2", "socket(")

    def test_a_core_may_not_read_a_clock(self):
        for line in ("auto n() { return std::chrono::steady_clock::now(); }",
                     "auto n() { return std::chrono::system_clock::now(); }",
                     "void n(timeval* t) { gettimeofday(t, nullptr); }",
                     "auto n() { return std::time(nullptr); }"):
            with self.subTest(line):
                self.core(line + "\n")
                self.fails("src/core/wire.cc:2", "core may not say")

    def test_a_core_may_not_include_openssl(self):
        self.core("#include <openssl/evp.h>\n")
        self.fails("core may not include <openssl/evp.h>")

    def test_a_core_may_not_include_asio(self):
        self.core("#include <boost/asio/io_context.hpp>\n")
        self.fails("core may not include <boost/asio/io_context.hpp>")

    def test_a_core_may_not_know_threads(self):
        for line in ("std::thread t;", "std::mutex m;", "#include <mutex>", "#include <thread>"):
            with self.subTest(line):
                self.core(line + "\n")
                self.fails("src/core/wire.cc:2")

    def test_a_core_may_not_throw_dice_of_its_own(self):
        self.core("int f() { return rand(); }\n")
        self.fails("rand(")

    def test_every_protocol_core_is_held_to_it(self):
        for layer in ("sctp", "sdp", "loop", "stun", "channel", "jsep", "ice", "session", "peer"):
            for line in ("#include <sys/socket.h>", "#include <openssl/ssl.h>",
                         "#include <boost/asio.hpp>", "auto t = std::chrono::steady_clock::now();"):
                with self.subTest(layer=layer, line=line):
                    self.in_layer(layer, line + "\n")
                    self.fails(f"src/{layer}/thing.cc:1")
            shutil.rmtree(self.tree.root / "src" / layer)

    def test_folders_that_may_do(self):
        self.in_layer("crypto", "#include <openssl/evp.h>\n")
        self.in_layer("tls", "#include <openssl/ssl.h>\n")
        self.in_layer("runtime", "#include <sys/socket.h>\n#include <boost/asio/io_context.hpp>\n"
                                 "auto t = std::chrono::steady_clock::now();\nstd::thread x;\n")
        self.passes()

    def test_words_in_comments_strings_and_longer_names_are_no_offence(self):
        self.core('// not from steady_clock or rand()\nconst char* a = "std::mutex";\n'
                  "int brand(); int openSocket(); int x = brand() + openSocket();\n"
                  "int s(Stack t) { return t.socket(1); }\n")
        self.passes()

    # The order of the libraries.

    def test_a_lower_layer_may_not_see_a_higher_one(self):
        self.core('#include "sctp/association.h"\n')
        self.fails("core may not use sctp")

    def test_neighbours_do_not_see_each_other(self):
        self.in_layer("sctp", '#include "sdp/description.h"\n')
        self.fails("sctp may not use sdp")

    def test_what_a_used_layer_may_use_may_be_used(self):
        self.in_layer("session", '#include "core/wire.h"\n#include "stun/message.h"\n')
        self.passes()

    def test_the_public_headers_see_nothing_of_the_inside(self):
        self.tree.write("include/parley/event.h", '#pragma once\n#include "core/wire.h"\n')
        self.fails("public may not use core")

    def test_only_the_shell_and_the_runtime_see_the_public_headers(self):
        self.in_layer("peer", '#include "parley/event.h"\n')
        self.passes()
        self.in_layer("session", '#include "parley/event.h"\n')
        self.fails("session may not use public")

    def test_an_include_names_its_layer(self):
        self.core('#include "wire.h"\n')
        self.fails('"wire.h" names no layer')

    def test_a_folder_without_a_row_in_the_table_is_refused(self):
        self.in_layer("surprise", "\n")
        self.fails("not a layer")

    # Sizes, tests, leftovers.

    def test_costly_standard_headers(self):
        for header in ("iostream", "regex", "random", "ranges"):
            with self.subTest(header):
                self.core(f"#include <{header}>\n")
                self.fails(f"<{header}>")

    def test_a_source_without_a_test_in_its_folder(self):
        (self.tree.root / "src/core/wire_test.cc").unlink()
        self.fails("src/core/wire.cc", "no test")

    def test_lines_of_more_than_a_hundred_columns(self):
        self.core("// " + "x" * 97 + "\n")
        self.passes()
        self.core("// " + "x" * 98 + "\n")
        self.fails("101 columns")

    def test_long_files_need_a_reason_and_have_an_end(self):
        self.core("int a;\n" * 600)
        self.fails("601 lines")
        self.core("// size: a table\n" + "int a;\n" * 600)
        self.passes()
        self.core("// size: a table\n" + "int a;\n" * 900)
        self.fails("902 lines")

    def function(self, lines, head="int f(int x) {", comment=""):
        return "namespace a {\n" + comment + head + "\n" + "  ++x;\n" * (lines - 2) + "}\n}\n"

    def test_long_functions_need_a_reason_and_have_an_end(self):
        self.core(self.function(60))
        self.passes()
        self.core(self.function(61))
        self.fails("src/core/wire.cc:3", "function of 61 lines")
        self.core(self.function(61, comment="// length: one table\n"))
        self.passes()
        self.core(self.function(81, comment="// length: one table\n"))
        self.fails("function of 81 lines")

    def test_functions_of_every_form_are_measured(self):
        for head in ("A::A(int x) : b_(x) {", "A::A(int x) : b_{x} {", "auto A::f() const -> int {",
                     "void f() const noexcept {", "TEST(Wire, Reads) {",
                     "template <class T>\nvoid f(T x) requires Good<T> {"):
            with self.subTest(head):
                self.core(self.function(90, head=head))
                self.fails("a function of 9")

    def test_a_class_is_not_a_function(self):
        self.core("class A : public B {\n" + "  int f() { return 1; }\n" * 90 + "};\n")
        self.passes()

    def test_leftovers(self):
        self.tree.write("docs/page.md", f"{LEFTOVER}: write this\n")
        self.fails("docs/page.md:1", LEFTOVER)

    # Known weaknesses. The ids are made here, or this file would cite them.

    def known(self, *rows):
        self.tree.write("docs/known-weaknesses.md",
                        "| Id | What | Guarded by |\n| --- | --- | --- |\n" + "\n".join(rows))

    def cites(self, text):
        self.tree.write("src/core/wire_test.cc", "#include <gtest/gtest.h>\n\n" + text)

    def test_a_weakness_that_is_guarded_and_cited_passes(self):
        row = f"| {ID} | a fault of `others` | `src/core/wire_test.cc` `Wire.Reads` `Wire.*` |"
        for text in (f"TEST(Wire, Reads) {{}}  // {ID}\n",
                     f"// {ID}: why\nTEST_F(Wire, Reads) {{}}\n",
                     "TEST(Wire, Reads) {}\n" + NAMED):
            with self.subTest(text):
                self.known(row)
                self.cites(text)
                self.passes()

    def test_a_script_may_guard_by_its_sentence(self):
        file = "bindings/node/test/a.test.mjs"
        self.known(f"| {ID} | a fault | `{file}` `{ID}: it reads, and stops` |")
        self.tree.write(file, f"test('{ID}: it reads, and stops', () => {{}});\n")
        self.passes()
        self.tree.write(file, f"test('{ID}: it reads', () => {{}});\n")
        self.fails("docs/known-weaknesses.md:3", "there is no test")

    def test_a_guard_that_does_not_exist_is_found(self):
        self.cites(f"TEST(Wire, Reads) {{}}  // {ID}\n")
        for guard, word in (("`src/core/wire_test.cc` `Wire.Writes`", "no test Wire.Writes"),
                            ("`src/core/wire_test.cc` `Wired.*`", "no test Wired.*"),
                            ("`src/core/other.cc` `Wire.Reads`", "no file src/core/other"),
                            ("`Wire.Reads`", "name its file")):
            with self.subTest(guard):
                self.known(f"| {ID} | a fault | {guard} |")
                self.fails("docs/known-weaknesses.md:3", word)

    def test_a_weakness_without_a_test_says_what_it_waits_for(self):
        self.known(f"| {ID} | a fault | waits for media |")
        self.passes()
        self.known(f"| {ID} | a fault | later |")
        self.fails("docs/known-weaknesses.md:3", f"{ID} has no test")

    def test_an_id_in_the_code_has_a_row(self):
        for text in (f"TEST(Wire, Reads) {{}}  // {ID}\n", NAMED):
            with self.subTest(text):
                self.cites(text)
                self.fails("src/core/wire_test.cc:3", f"{ID} has no row")
        self.cites("// INV-1, SHA-1, P-256, UTF-8 and I-DATA are other things.\n")
        self.passes()

    def test_a_weakness_that_is_guarded_is_cited(self):
        self.known(f"| {ID} | a fault | `src/core/wire_test.cc` |")
        self.fails("docs/known-weaknesses.md:3", f"no test or comment cites {ID}")

    def test_a_weakness_has_one_row_of_three_columns(self):
        self.known(*2 * [f"| {ID} | a fault | waits for media |"])
        self.fails("docs/known-weaknesses.md:4", "two rows")
        self.known(f"| {ID} | waits for media")
        self.fails("docs/known-weaknesses.md:3", "a row is")


if __name__ == "__main__":
    unittest.main()
