"""What level 2 promises of memory, looked for by root from outside, at every boundary between the nodes of a model and
after it was closed; the same look at a build without guards finds what it is looking for. And what a broker runs: a
customer's own copy, and weights that lay in other files."""

import json
import shutil
import subprocess
import unittest

from harness import USAGE
from onnx_writer import Model, message, number
from splitting import MODEL, digits
from test_broker import BROKER, BUILD, RARE, BrokerTest, as_user, places, rows_of
from test_seal import oracle

import numpy

SIDE = 64


class Boundaries(BrokerTest):
    def plant(self):
        """Three layers, of which the one in the middle has the rare constant everywhere."""
        source = numpy.random.default_rng(1)
        model = Model()
        at = model.input("x", ["N", SIDE])
        for name in ("before", "planted", "after"):
            planted = name == "planted"
            values = numpy.full((SIDE, SIDE), RARE) if planted else source.normal(0, 0.1, (SIDE, SIDE))
            at = model.node("MatMul", [at, model.weight(name, values)], f"of_{name}")
            if name != "after":
                at = model.node("Relu", [at], f"bound_{name}")
        model.output(at, ["N", SIDE])
        self.write("m.onnx", "").write_bytes(model.bytes())
        self.seal("--level", "2", model="m.onnx")

    def look(self, program):
        """At each stop: what it is, and how many rows of the rare constant, as floats and as doubles, root finds."""
        shutil.copy(BUILD / "tests/guard" / program, self.bin)
        (self.bin / program).chmod(0o755)
        child = subprocess.Popen(
            [self.bin / program, "b/d", "m.tacit"], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, preexec_fn=as_user(BROKER),
        )
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stdin.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        found = []
        for line in child.stdout:
            found.append((line.strip(), sum(places(child.pid, *rows_of(RARE)))))
            child.stdin.write("g")
            child.stdin.flush()
        self.assertEqual(child.wait(), 0)
        return found

    def test_a_planted_layer_is_there_while_its_node_runs(self):
        self.plant()
        found = self.look("guarded_steps")
        self.assertEqual(len(found), 13, found)  # five nodes, twice; open, answered and closed
        self.assertEqual([w for w, _ in found[-2:]], ["answered", "closed"])
        for i, (where, rows) in enumerate(found):
            with self.subTest(where):
                if i == 5:  # the third node has its numbers
                    self.assertTrue(where.startswith("holds "), where)
                    # As operands and what is packed of them: a few times the tile, and no less than it once.
                    self.assertGreaterEqual(rows, SIDE)
                    self.assertLessEqual(rows, 4 * SIDE)
                else:
                    self.assertEqual(rows, 0)

    def test_the_same_look_finds_it_in_a_build_without_guards(self):
        self.plant()
        found = self.look("unguarded_steps")
        self.assertEqual(len(found), 13, found)
        self.assertGreaterEqual(found[5][1], SIDE)
        self.assertGreater(sum(rows for _, rows in found[6:]), 0, found)


class Copies(BrokerTest):
    def test_a_customers_copy_at_a_broker(self):
        """Levels 2 and 4 together."""
        self.seal("--level", "2", "--fingerprint", "Customer D")
        self.ready()
        told, got = self.ask(digits(50))
        want = oracle(str(MODEL), digits(50))
        self.assertEqual(told["level"], 2)
        self.assertGreater(abs(got - want).max(), 1e-5 * abs(want).max(), "it is the original")
        self.assertLess(((got - want) ** 2).mean() ** 0.5, 0.1 * (want**2).mean() ** 0.5)
        self.assertEqual(json.loads(self.run_tacit("--json", "inspect", "m.tacit").out)["fingerprint"], "Customer D")

    def test_weights_that_lie_in_other_files(self):
        """As those of models of more than 2 GiB must."""
        weights = numpy.random.default_rng(2).normal(0, 0.1, (64, 10)).astype("<f4")
        self.write("w.bin", "").write_bytes(weights.tobytes())
        model = Model()
        x = model.input("x", ["N", 64])
        elsewhere = message(13, message(1, "location") + message(2, "w.bin")) + number(14, 1)
        model.graph += message(5, number(1, 64) + number(1, 10) + number(2, 1) + message(8, "w") + elsewhere)
        model.node("MatMul", [x, "w"], "y")
        model.output("y", ["N", 10])
        self.write("m.onnx", "").write_bytes(model.bytes())
        words = ("seal", "m.onnx", "--to", "b/d/device.pub", "--expires", "never", "--keys", "v", "-o", "n.tacit")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "lie in another file")
        self.assertFalse((self.folder / "n.tacit").exists())
        self.seal("--level", "2", model="m.onnx")
        (self.folder / "w.bin").unlink()
        self.ready()
        x = digits(5).reshape(5, 64)
        _, got = self.ask(x)
        self.assertLessEqual(abs(got - x @ weights.astype(float)).max(), 1e-5 * abs(got).max())


if __name__ == "__main__":
    unittest.main()
