"""A user's mistakes: each is told in one sentence that names what is wrong and where, ends with exit code 2
(3 for the machine's faults), and leaves no half-written result."""

import os
import resource
import socket
import subprocess
import unittest

import jobs
from harness import IO, PARTIES, PEER, USAGE, TacitTest, free_ports

HEADER = ["size", "age", "kind", "sold"]


class Mistakes(TacitTest):
    def setUp(self):
        super().setUp()
        self.write("job.toml", jobs.small_job(owners=("north",)))
        self.write("north.csv", jobs.small_data(60))

    def refused(
        self, *parts, arguments=("train", "job.toml", "--simulate", "--data", "north=north.csv"), code=USAGE
    ):
        before = self.files()
        process = self.run_tacit("--quiet", *arguments, code=code)
        self.assert_one_sentence(process, *parts)
        self.assertEqual(self.files(), before, "something was left behind")
        self.assertEqual(process.out, "")
        return process

    # ---- data

    def spoil(self, row, column, cell):
        """North's data with one cell changed; rows count from 1 and the header is line 1 of the file."""
        rows = jobs.small_rows(60)
        rows[row - 1][HEADER.index(column)] = cell
        self.write("north.csv", jobs.table(HEADER, rows))

    def test_a_cell_that_is_no_number(self):
        self.spoil(17, "age", "old")
        self.refused("north.csv", "line 18", "age", "old", "not a number")

    def test_a_cell_that_is_nan(self):
        self.spoil(3, "size", "nan")
        self.refused("north.csv", "line 4", "size", "nan", "not a finite number")

    def test_a_missing_cell(self):
        self.spoil(3, "size", "")
        self.refused("north.csv", "line 4", "size", "missing")

    def test_a_cell_out_of_range(self):
        self.spoil(60, "age", "101")
        self.refused("north.csv", "line 61", "age", "[0, 100]")

    def test_a_category_that_is_not_declared(self):
        self.spoil(2, "kind", "hous")
        self.refused("north.csv", "line 3", "kind", "hous", "house")

    def test_a_label_that_is_not_declared(self):
        self.spoil(2, "sold", "perhaps")
        self.refused("north.csv", "line 3", "sold", "perhaps")

    def test_a_missing_column(self):
        self.write(
            "north.csv", jobs.table(["size", "kind", "sold"], [[r[0], *r[2:]] for r in jobs.small_rows(60)])
        )
        self.refused("north.csv", "age")

    def test_a_row_that_is_too_short(self):
        self.write("north.csv", jobs.table(HEADER, [*jobs.small_rows(20), ["0.1", "7"]]))
        self.refused("north.csv", "line 22")

    def test_no_rows(self):
        self.write("north.csv", jobs.table(HEADER, []))
        self.refused("north")

    def test_data_that_do_not_exist(self):
        (self.folder / "north.csv").unlink()
        self.refused("north.csv", "does not exist")

    def test_data_that_are_not_named(self):
        self.refused("north", "--data", arguments=("train", "job.toml", "--simulate"))

    def test_data_of_somebody_unknown(self):
        self.refused(
            "noth", "north", arguments=("train", "job.toml", "--simulate", "--data", "noth=north.csv")
        )

    def test_a_bad_cell_with_processes(self):
        """The same by processes: the owner's sentence is what the driver tells."""
        self.spoil(17, "age", "old")
        process = self.run_tacit(
            "--quiet", "train", "job.toml", "--local", "--data", "north=north.csv", code=USAGE
        )
        self.assert_one_sentence(process, "north.csv", "line 18", "age", "not a number")
        self.assertFalse([f for f in self.files() if "report" in f or "model" in f or f.endswith(".part")])

    def test_a_bad_cell_stays_at_its_owner(self):
        """Parties learn that north's data are at fault, not what stands in them."""
        keys = self.make_keys(*PARTIES, "north")
        self.write("job.toml", jobs.small_job(keys, free_ports(3), owners=("north",)))
        self.spoil(17, "age", "1234567")
        parties = [self.start_party(p) for p in PARTIES]
        north = self.start_owner("north", "north.csv")
        self.assertEqual(north.wait(), USAGE, self.stories())
        self.assertIn("1234567", north.err, self.stories())
        for party in parties:
            self.assertEqual(party.wait(), PEER, self.stories())
            self.assertIn("north", party.err.splitlines()[-1], self.stories())
            self.assertNotIn("1234567", party.err, self.stories())

    # ---- the job file

    def test_the_job_file(self):
        """A key, a section or a value that cannot be; the line is that of the change."""
        good = (self.folder / "job.toml").read_text()
        for old, new, *words in (
            ("epochs = 3", "epoch = 3", "[training] epochs: is missing: is 'epoch' in line LINE meant for it?"),
            (
                "test_fraction = 0.2",
                "test_fractoin = 0.2",
                "job.toml:LINE: there is no key 'test_fractoin' in [data]: did you mean 'test_fraction'?",
            ),
            (
                "[training]",
                "[trainig]",
                "job.toml:LINE: there is no key 'trainig' in the job file: did you mean 'training'?",
            ),
            (
                "batch = 32",
                "batch = 0",
                "job.toml:LINE: [training] batch: 0 is not between 1 and 1048576",
            ),
            (
                "batch = 32",
                'batch = "many"',
                "job.toml:LINE: [training] batch: must be a whole number, not a text",
            ),
            ("batch = 32", "batch is 32", "job.toml:LINE: "),
            (
                '"binary_cross_entropy"',
                '"binary_cross_entropi"',
                "job.toml:LINE: [training] loss: ",
                "binary_cross_entropy",
            ),
            ('to = ["north"]', 'to = ["nord"]', "job.toml:LINE: ", "nord", "north"),
            ('kind = "dense"\n\n', 'kind = "dense"\nunits = 3\n\n', "3", "sold"),
            (
                'kind = "dense"\nunits = 4',
                'kind = "conv2d"\nchannels = 2\nkernel = 3',
                "conv2d",
            ),
        ):
            with self.subTest(new):
                self.assertEqual(good.count(old), 1, old)
                line = good[: good.index(old)].count("\n") + 1
                self.write("job.toml", good.replace(old, new))
                self.refused(*(w.replace("LINE", str(line)) for w in words))

    def test_a_job_that_does_not_exist(self):
        self.refused(
            "nowhere.toml", arguments=("train", "nowhere.toml", "--simulate", "--data", "north=north.csv")
        )

    def test_a_job_without_keys(self):
        self.refused(
            "job.toml:", "key", "tacit keys new alpha", arguments=("train", "job.toml", "--party", "alpha")
        )

    # ---- places

    def place_job(self):
        keys = self.make_keys(*PARTIES, "north")
        ports = free_ports(3)
        self.write("job.toml", jobs.small_job(keys, ports, owners=("north",)))
        return ports

    def test_a_missing_key_file(self):
        self.place_job()
        (self.folder / "alpha.key").unlink()
        self.refused("alpha.key", "tacit keys new alpha", arguments=("train", "job.toml", "--party", "alpha"))

    def test_a_key_that_others_can_read(self):
        self.place_job()
        os.chmod(self.folder / "alpha.key", 0o644)
        self.refused("alpha.key", "chmod 600", arguments=("train", "job.toml", "--party", "alpha"))

    def test_somebody_elses_key(self):
        self.place_job()
        self.refused("alpha", arguments=("train", "job.toml", "--party", "alpha", "--key", "beta.key"))

    def test_an_unknown_party(self):
        self.place_job()
        self.refused("alpa", "alpha", arguments=("train", "job.toml", "--party", "alpa"))

    def test_an_owner_as_a_party(self):
        self.place_job()
        self.refused("north", "--owner", arguments=("train", "job.toml", "--party", "north"))

    def test_an_owner_without_data(self):
        self.place_job()
        self.refused("north", "--data", arguments=("train", "job.toml", "--owner", "north"))

    def test_a_key_is_never_overwritten(self):
        self.place_job()
        self.refused("alpha.key", "exists", arguments=("keys", "new", "alpha"))

    def test_a_port_in_use(self):
        ports = self.place_job()
        with socket.create_server(("127.0.0.1", ports[0])):
            self.refused(
                f"127.0.0.1:{ports[0]}", arguments=("train", "job.toml", "--party", "alpha"), code=IO
            )

    def test_options_that_exclude_one_another(self):
        self.refused("--simulate", arguments=("train", "job.toml", "--simulate", "--local"))

    def test_an_unknown_option(self):
        process = self.run_tacit("train", "job.toml", "--simulat", code=USAGE)
        self.assertIn("--simulat", process.err)

    def test_a_draft_never_overwrites(self):
        self.refused("job.toml", "exists", arguments=("new", "job", "--from", "north.csv"))

    # ---- the disk

    def test_a_full_disk(self):
        def small_files():  # no file may grow beyond a kilobyte: writing fails as on a full disk
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        process = self.run_tacit(
            "--quiet",
            "train",
            "job.toml",
            "--simulate",
            "--data",
            "north=north.csv",
            code=IO,
            prepare=small_files,
        )
        self.assert_one_sentence(process, "cannot write")
        self.assertFalse([f for f in self.files() if f.endswith(".part")])

    def test_a_full_file_system(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = (
            os.geteuid() == 0
            and subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True
            ).returncode
            == 0
        )
        if not mounted:
            self.skipTest("mounting a small file system needs root's rights")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        process = self.run_tacit(
            "--quiet",
            "train",
            "job.toml",
            "--simulate",
            "--data",
            "north=north.csv",
            "--out",
            "disk/out",
            code=IO,
        )
        self.assert_one_sentence(process, "cannot write", "disk/out", "No space left on device")
        self.assertFalse([f for f in self.files() if f.endswith(".part")])

    def test_a_folder_that_is_a_file(self):
        self.write("out", "")
        process = self.run_tacit(
            "--quiet",
            "train",
            "job.toml",
            "--simulate",
            "--data",
            "north=north.csv",
            "--out",
            "out/deep",
            code=IO,
        )
        self.assert_one_sentence(process, "out/deep")


if __name__ == "__main__":
    unittest.main()
