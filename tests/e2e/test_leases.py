"""Models that run under leases alone, which their vendor hands out over TLS."""

import json
import shutil
import socket
import ssl
import unittest

from harness import DONE, PEER, USAGE, free_ports
from splitting import MODEL
from test_seal import CHEATED, SealTest


class LeaseTest(SealTest):
    def setUp(self):
        super().setUp()
        (self.port,) = free_ports(1)
        self.at = f"127.0.0.1:{self.port}"

    def sealed(self, *to, out="m.tacit"):
        self.seal("--lease", "1h", "--lease-from", self.at, to=to or ("d",), out=out)

    def serve(self, keys="v"):
        server = self.start("serve", "--leases", keys, "--listen", self.at)
        self.assertTrue(server.wait_for("handing out leases"), self.stories())
        return server

    def lease(self, *options, device="d", file="m.tacit", code=DONE):
        return self.run_tacit("device", "lease", file, "--keys", device, *options, code=code)

    def log(self):
        return [e["what"] for e in json.loads(self.run_tacit("--json", "vendor", "log", "--keys", "v").out)["entries"]]


class Leases(LeaseTest):
    def test_a_model_runs_under_a_lease_alone(self):
        self.sealed()
        self.refuse("runs under leases alone", "tacit device lease")
        self.assert_one_sentence(self.lease(code=PEER), "no lease from", "is 'tacit serve --leases' running?")
        server = self.serve()
        self.assertIn("may run for", self.lease().out)
        server.end()
        # The vendor is not needed while it runs.
        self.assertEqual(self.run_model().shape, (3, 10))
        self.assertEqual(self.log(), ["sealed", "granted"])
        words = json.loads(self.run_tacit("--json", "inspect", "m.tacit").out)
        self.assertEqual(words["lease"], {"seconds": 3600, "from": self.at})

    def test_what_is_revoked_gets_none(self):
        self.device("e")
        self.sealed("d", "e")
        self.sealed("d", out="other.tacit")
        server = self.serve()
        for name in ("d", "e"):
            self.lease(device=name)
        # While the server runs: it reads on.
        self.run_tacit("vendor", "revoke", "--device", "d/device.pub", "--keys", "v")
        self.assert_one_sentence(self.lease(code=USAGE), "the vendor has revoked")
        self.refuse("the vendor has revoked")
        self.assert_one_sentence(self.lease(file="other.tacit", code=USAGE), "the vendor has revoked")
        self.run_model(device="e")
        (self.folder / "out.npy").unlink()
        self.run_tacit("vendor", "revoke", "--model", "m.tacit", "--keys", "v")
        self.run_model(device="e")  # its lease runs on
        (self.folder / "out.npy").unlink()
        self.assert_one_sentence(self.lease(device="e", code=USAGE), "the vendor has revoked")
        self.refuse("the vendor has revoked", device="e")
        self.assert_one_sentence(
            self.run_tacit("vendor", "revoke", "--model", "m.tacit", "--keys", "v", code=USAGE), "revoked already"
        )
        # A vendor that is put back to a time before does not bring the lease back.
        server.end()
        self.assertEqual(self.log().count("refused"), 3)

    def test_a_vendor_that_was_put_back_is_not_believed(self):
        self.device("e")
        self.sealed("d", "e")
        old = (self.folder / "v/leases.log").read_bytes()
        self.run_tacit("vendor", "revoke", "--device", "e/device.pub", "--keys", "v")
        server = self.serve()
        self.lease()
        server.end()
        (self.folder / "v/leases.log").write_bytes(old)
        self.serve()
        self.assert_one_sentence(self.lease(code=CHEATED), "has forgotten what it revoked")

    def test_nobody_else_hands_them_out(self):
        self.sealed()
        self.run_tacit("vendor", "init", "--keys", "other", "--name", "Other")
        self.serve("other")
        self.assert_one_sentence(self.lease(code=PEER), "does not hold the vendor's key")
        self.refuse("runs under leases alone")

    def test_who_asks_for_what_was_not_sealed(self):
        self.sealed()
        self.device("stranger")
        self.serve()
        self.assert_one_sentence(
            self.lease(device="stranger", code=PEER), "nothing that runs under leases was sealed to that device"
        )
        self.assertEqual(self.log(), ["sealed"])
        # And who asks in no way that there is.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for request in (b"POST /lease HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"GET / HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.port)) as plain:
                with context.wrap_socket(plain) as s:
                    s.sendall(request)
                    self.assertIn(s.recv(4096).split()[1], (b"403", b"404"))
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            try:
                self.assertNotIn(b"200", plain.recv(4096))
            except ConnectionResetError:
                pass
        self.lease()

    def test_an_old_folder_and_old_answers(self):
        self.sealed()
        self.serve()
        shutil.copytree(self.folder / "d", self.folder / "before")
        self.lease()
        leases = self.folder / "d/leases"
        (kept,) = leases.iterdir()
        good = kept.read_bytes()
        self.assertEqual(len(good), 19 + 227 + 16 + 8 + 32)
        # As if it had been asked for in another boot, or later: the device's code does not fit.
        for at in (19 + 227, 19 + 227 + 16, 19 + 20):
            bad = bytearray(good)
            bad[at] ^= 1
            kept.write_bytes(bad)
            self.refuse("was changed", code=CHEATED)
        kept.write_bytes(good)
        self.run_model()
        (self.folder / "out.npy").unlink()
        # The whole folder as it was before: no lease.
        shutil.rmtree(self.folder / "d")
        shutil.copytree(self.folder / "before", self.folder / "d")
        self.refuse("runs under leases alone")
        # Another device's lease is none of this one's.
        self.device("e")
        (self.folder / "e/leases").mkdir(mode=0o700)
        (self.folder / "e/leases" / kept.name).write_bytes(good)
        self.sealed("e", out="e.tacit")
        self.refuse("runs under leases alone", file="e.tacit", device="e")

    def test_the_log_is_nobodys_to_change(self):
        self.sealed()
        server = self.serve()
        self.lease()
        server.end()
        log = self.folder / "v/leases.log"
        good = log.read_bytes()
        self.assertEqual(len(good), 18 + 32 + 2 * 221)
        bad = bytearray(good)
        bad[60] ^= 1
        log.write_bytes(bad)
        for words in (("vendor", "log", "--keys", "v"), ("serve", "--leases", "v", "--listen", self.at)):
            self.assert_one_sentence(self.run_tacit(*words, code=CHEATED), "leases.log", "was changed")

    def test_mistakes_are_told_in_a_sentence(self):
        for words, parts in (
            (("--lease", "59s", "--lease-from", self.at), ("59s", "from one minute to 31 days")),
            (("--lease", "32d", "--lease-from", self.at), ("32d",)),
            (("--lease", "soon", "--lease-from", self.at), ("soon",)),
            (("--lease", "1h", "--lease-from", "nowhere"), ("nowhere",)),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.seal(*words, out="none.tacit", code=USAGE), *parts)
                self.assertFalse((self.folder / "none.tacit").exists())
        self.seal(out="free.tacit")
        self.assert_one_sentence(self.lease(file="free.tacit", code=USAGE), "runs without a lease")
        for words, parts in (
            (("serve",), ("deployment.toml", "--leases")),
            (("serve", "--leases", "v"), ("--listen",)),
            (("serve", "--leases", "nowhere", "--listen", self.at), ("nowhere", "tacit vendor init")),
            (("vendor", "revoke", "--keys", "v"), ("--model", "--device")),
            (("vendor", "revoke", "--keys", "v", "--model", "free.tacit"), ("no such model",)),
            (("vendor", "revoke", "--keys", "v", "--device", "d/device.pub"), ("was sealed to the device",)),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.run_tacit(*words, code=USAGE), *parts)
        self.sealed()
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "s.tacit")
        said = self.run_tacit(*words, "--lease", "7d", "--lease-from", self.at).out
        self.assertIn("It runs under leases alone", said)
        self.assertIn("the rest of a lease that runs", said)


if __name__ == "__main__":
    unittest.main()
