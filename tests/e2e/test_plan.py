"""Advice before a model is split: every cut is there, bytes are those that servers then send, waiting follows the link,
and mistakes are told in a sentence."""

import json
import unittest

import test_split
from harness import USAGE, TacitTest
from test_split import MODEL, SERVERS


class Plan(TacitTest):
    split, ask = test_split.Split.split, test_split.Split.ask

    def plan(self, *options, model=MODEL):
        return json.loads(self.run_tacit("--json", "--quiet", "plan", model, *options).out)

    def test_every_cut_is_listed(self):
        told = self.plan()
        layers = len(told["layers"])
        self.assertEqual(
            [(c["gateway_layers"], c["activation"]) for c in told["cuts"]],
            [(n, a) for n in range(layers + 1) for a in ("gmw", "garbled")],
        )
        weights = sum(layer["weights"] for layer in told["layers"])
        for c in told["cuts"]:
            self.assertEqual(list(c["servers"]), sorted(SERVERS))
            for key in ("waiting_seconds", "participation_seconds", "bytes"):
                self.assertGreater(c["user"][key], 0)
            self.assertLess(c["user"]["participation_seconds"], 0.02)
            for server in c["servers"].values():
                for phase in ("setup", "ahead", "online"):
                    self.assertEqual(set(server[phase]), {"seconds", "bytes_sent", "rounds"})
                    self.assertGreater(server[phase]["seconds"], 0)
                    self.assertGreater(server[phase]["bytes_sent"], 0)
                self.assertGreater(server["memory_bytes"], 0)
            self.assertIn(c["busiest"], SERVERS)
            self.assertTrue(all(s["online_bytes"] > 0 and s["online_rounds"] > 2 for s in c["stages"]))
            self.assertIn("1x8x8", c["user_sees"])
        # The gateway's layers are its own, and the others the remotes' together.
        by_cut = [c for c in told["cuts"] if c["activation"] == "gmw"]
        for n, c in enumerate(by_cut):
            at_gateway = sum(layer["weights"] for layer in told["layers"][:n])
            self.assertEqual(c["servers"]["gateway"]["weights"], at_gateway)
            self.assertEqual(c["servers"]["remote-b"]["weights"], weights - at_gateway)
        best = told["recommended"]
        taken = told["cuts"][best["cut"]]
        self.assertEqual((taken["gateway_layers"], taken["activation"]), (best["gateway_layers"], best["activation"]))
        shortest = min(c["user"]["waiting_seconds"] for c in told["cuts"])
        self.assertLessEqual(taken["user"]["waiting_seconds"], 1.05 * shortest)
        self.assertIn("tacit split", best["words"])
        # Silent transfers send less ahead, as a plan with them says; they are named where that is much. Which cut is
        # taken follows from seconds, and differs from machine to machine.
        again = self.plan("--transfers", "ferret")["cuts"][best["cut"]]
        saves = taken["ahead_bytes"] - again["ahead_bytes"]
        self.assertGreater(saves, 0)
        silent = [c["saves"]["ahead_bytes"] for c in best["cheaper"] if c["to"] == "ferret"]
        self.assertEqual(silent, [saves] if saves > 0.3 * taken["ahead_bytes"] else [])

    def deploy(self, activation, *options, **places):
        """A split of the model whose deployment has those activations."""
        deployment = self.split(*options, **places)
        file = self.folder / deployment
        text = file.read_text()
        self.assertIn('activations = "gmw"', text)
        file.write_text(text.replace('activations = "gmw"', f'activations = "{activation}"'))
        return deployment

    def test_bytes_are_those_that_servers_send(self):
        told = self.plan()
        for layers, activation in ((0, "gmw"), (2, "gmw"), (1, "garbled")):
            folder = f"cut{layers}"
            deployment = self.deploy(activation, "--gateway-layers", layers, folder=folder)
            servers = [
                self.start("serve", deployment, "--party", s, "--queries", 1, "--report", f"{folder}/{s}.json", name=s)
                for s in SERVERS
            ]
            answer = json.loads(self.ask(deployment).out)["answers"][0]
            self.wait_all(servers)
            cut = next(c for c in told["cuts"] if (c["gateway_layers"], c["activation"]) == (layers, activation))
            self.assertEqual(cut["user"]["bytes_sent"], answer["bytes_sent"])
            self.assertEqual(cut["user"]["bytes_received"], answer["bytes_received"])
            for s in SERVERS:
                report = json.loads((self.folder / f"{folder}/{s}.json").read_text())
                planned = cut["servers"][s]
                for key in ("bytes_sent", "rounds"):
                    self.assertEqual(planned["setup"][key], report["setup"][key])
                # Of those that were prepared one was read back, which each server tells each other one in a byte.
                not_read = (report["prepared"] - 1) * (len(SERVERS) - 1)
                prepared = planned["ahead"]["bytes_sent"] * report["prepared"] - not_read
                self.assertEqual(prepared, report["preparation"]["bytes_sent"])
                self.assertEqual(planned["online"]["bytes_sent"], report["online"]["bytes_sent"])
                if report["pool"]["depth"] > 0:
                    a_query = report["pool"]["bytes_on_disk"] / report["pool"]["depth"]
                    self.assertLessEqual(planned["memory_bytes"], a_query)
                    self.assertLess(a_query, 1.01 * planned["memory_bytes"] + 1000)

    def test_bytes_are_those_of_two_parties(self):
        told = self.plan("--remotes", 0)
        layers = len(told["layers"])
        self.assertEqual(
            [(c["gateway_layers"], c["activation"]) for c in told["cuts"]], [(layers, "gmw"), (layers, "garbled")]
        )
        self.assertIn("--remotes 0", told["recommended"]["words"])
        for cut in told["cuts"]:
            self.assertEqual(set(cut["servers"]), {"gateway", "user"})
            self.assertEqual(cut["servers"]["user"]["weights"], 0)
            activation = cut["activation"]
            deployment = self.deploy(activation, "--remotes", 0, servers=SERVERS[:1], folder=activation)
            file = f"{activation}/gateway.json"
            gateway = self.start("serve", deployment, "--party", "gateway", "--queries", 2, "--report", file)
            first, second = json.loads(self.ask(deployment, 2).out)["answers"]
            self.wait_all([gateway])
            report = json.loads((self.folder / file).read_text())
            planned = cut["servers"]["gateway"]
            for key in ("bytes_sent", "rounds"):
                self.assertEqual(planned["setup"][key], report["setup"][key])
            for phase, real in (("ahead", "preparation"), ("online", "online")):
                self.assertEqual(2 * planned[phase]["bytes_sent"], report[real]["bytes_sent"])
            for key in ("bytes_sent", "bytes_received"):
                self.assertEqual(cut["user"][key], second[key])
            # The set-up comes with a session's first question, and how many there are.
            of_user = cut["servers"]["user"]["setup"]["bytes_sent"]
            self.assertEqual(first["bytes_sent"] - second["bytes_sent"], of_user + 8)
            self.assertEqual(first["bytes_received"] - second["bytes_received"], planned["setup"]["bytes_sent"])

    def test_waiting_follows_the_link(self):
        waits = {}
        for link in (None, "1ms,1000mbit", "40ms,100mbit", "120ms,100mbit"):
            told = self.plan(*(("--link", link) if link else ()))
            self.assertEqual(told["link"], link or "local")
            waits[link] = {
                a: min(c["user"]["waiting_seconds"] for c in told["cuts"] if c["activation"] == a)
                for a in ("gmw", "garbled")
            }
            taken = told["cuts"][told["recommended"]["cut"]]
            self.assertLessEqual(taken["user"]["waiting_seconds"], 1.05 * min(waits[link].values()))
        for a in ("gmw", "garbled"):
            self.assertLess(waits["1ms,1000mbit"][a], waits["40ms,100mbit"][a])
            self.assertLess(waits["40ms,100mbit"][a], waits["120ms,100mbit"][a])
        # Every round is dear on a slow link, and this network's circuits are small.
        self.assertLess(waits["40ms,100mbit"]["garbled"], waits["40ms,100mbit"]["gmw"])

    def test_on_a_terminal(self):
        out = self.run_tacit("--quiet", "plan", MODEL, "--remotes", 1, "--transfers", "softspoken8").out
        self.assertIn("local (no latency", out)
        self.assertIn("Advice: tacit split", out)
        self.assertIn("--gateway-layers", out)
        self.assertIn("estimates", out)
        alone = self.run_tacit("--quiet", "plan", MODEL, "--remotes", 0).out
        self.assertIn("two parties", alone)
        self.assertIn("--remotes 0", alone)
        self.assertNotIn("--gateway-layers", alone)

    def test_mistakes_are_told_in_a_sentence(self):
        bytes_ = MODEL.read_bytes()
        (self.folder / "tanh.onnx").write_bytes(bytes_.replace(b"Relu", b"Tanh"))
        (self.folder / "unknown.onnx").write_bytes(bytes_.replace(b"Relu", b"Rulu"))
        (self.folder / "job.toml").write_text("name = 'x'\n")
        (self.folder / "model.txt").write_text("no model\n")
        for words, parts in (
            (("tanh.onnx",), ("Tanh", "cannot be split")),
            (("unknown.onnx",), ("Rulu",)),
            ((MODEL, "--link", "fast"), ("'fast' is no link", "40ms,100mbit")),
            ((MODEL, "--transfers", "softspoken5"), ("softspoken5", "did you mean")),
            ((MODEL, "--bits", 60), ("60 bits",)),
            (("job.toml",), ("job.toml",)),
            (("model.txt",), ("model.txt", "no job and no ONNX model")),
            ((MODEL, "--rows", 10), ("--rows is for a job", "is a model")),
            (("missing.onnx",), ("missing.onnx",)),
        ):
            with self.subTest(words=words):
                process = self.start("--quiet", "plan", *words)
                self.assertEqual(process.wait(), USAGE, self.stories())
                self.assert_one_sentence(process, *parts)
        process = self.start("--quiet", "plan", MODEL, "--remotes", 9)
        self.assertEqual(process.wait(), USAGE, self.stories())
        self.assertIn("--remotes", process.err)
        self.assertFalse(list(self.folder.glob("*.part")))


if __name__ == "__main__":
    unittest.main()
