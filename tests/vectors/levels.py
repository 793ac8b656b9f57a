#!/usr/bin/env python3
"""Sealed models of levels 2 and 4, written by other means than the library's, byte by byte as docs/sealed-format.md
says: files of version 1 are to open for ever. Prints src/tacit/sealed/testing/levels_1.h:

    python3 tests/vectors/levels.py > src/tacit/sealed/testing/levels_1.h
"""

import struct

import tiles
from sealed import TEXT, lines, record, sealed_file

CUSTOMER = "Curie & Søn"
LEASE, FROM = 3600, b"vendor.example:7000"


def main():
    guarded = sealed_file(b"guarded ", 2, tiles.text(), kind=2)
    both = sealed_file(b"guarded copy ", 2, tiles.text(), kind=2, fingerprint=CUSTOMER.encode())
    traceable = sealed_file(b"traceable ", 4, TEXT, fingerprint=CUSTOMER.encode())
    lease = record(12, struct.pack("<I", LEASE) + FROM)
    leased = sealed_file(b"leased ", 4, TEXT, fingerprint=CUSTOMER.encode(), more=lease)
    print(f"""// Sealed models of levels 2 and 4, in hexadecimal, to the keys of version_1.h. By tests/vectors/levels.py.
#pragma once

#include <cstdint>

namespace tacit::testing {{

inline constexpr const char* kLevels1Customer = "{CUSTOMER}";
inline constexpr std::uint32_t kLevels1Lease = {LEASE};
inline constexpr const char* kLevels1LeaseFrom = "{FROM.decode()}";
/// Level 2, of the model of tiles_1.h.
inline constexpr const char* kGuarded1File =
    {lines(guarded)};
/// The same, and the customer's copy.
inline constexpr const char* kGuardedCopy1File =
    {lines(both)};
/// Level 4, of the text of version_1.h.
inline constexpr const char* kTraceable1File =
    {lines(traceable)};
/// The same, under leases alone.
inline constexpr const char* kLeased1File =
    {lines(leased)};

}}  // namespace tacit::testing""")


if __name__ == "__main__":
    main()
