// NPY, NPZ and IDX: literals byte for byte, every element type in both byte orders, Fortran order, ranges of
// rows, and hostile files.
#include <gtest/gtest.h>
// After GoogleTest, which it extends.
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/data/file_kind.h"
#include "tacit/data/idx.h"
#include "tacit/data/npy.h"
#include "tacit/data/testing/files.h"
#include "tacit/data/write.h"

namespace tacit {
namespace {

using testing::gzipped;
using testing::usage_error;
using testing::zipped;
using Numbers = std::vector<double>;

std::string text_from(ByteView bytes) { return std::string(text_of(bytes)); }

/// The bytes of a value in either order.
template <class T>
std::string raw(T value, bool big_endian) {
  std::string bytes = text_from(bytes_of(std::span<const T>(&value, 1)));
  if (big_endian) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::string npy(std::string_view dictionary, std::string_view data, char version = 1) {
  std::string out = "\x93NUMPY";
  out += version;
  out += '\0';
  const auto size = static_cast<std::uint32_t>(dictionary.size());
  out += raw(size, false).substr(0, version == 1 ? 2 : 4);
  return out.append(dictionary).append(data);
}

std::string npy_of(std::string_view type, std::string_view shape, std::string_view data,
                   bool fortran = false) {
  return npy(fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n", type,
                         fortran ? "True" : "False", shape),
             data);
}

const std::string kIdx("\0\0\x0B\x02\0\0\0\x02\0\0\0\x03\0\1\0\2\0\3\xff\xff\xff\xfe\x80\0", 24);

class ArrayTest : public ::testing::Test {
 protected:
  Numbers all(ArrayReader reader) { return reader.rows(0, reader.row_count()); }
  Numbers npy_numbers(std::string_view file) { return all(open_npy(folder_.write("a.npy", file))); }
  std::string npy_error(std::string_view file) {
    return usage_error(folder_, [&] { npy_numbers(file); });
  }
  template <class T>
  void expect_type(std::string_view code, const std::vector<T>& values) {
    for (const bool big : {false, true}) {
      std::string data;
      for (const T value : values) data += raw(value, big);
      const auto file =
          npy_of(std::string(1, big ? '>' : '<').append(code), fmt::format("({},)", values.size()), data);
      EXPECT_EQ(npy_numbers(file), Numbers(values.begin(), values.end())) << code << big;
      EXPECT_EQ(npy_numbers(gzipped(file)), Numbers(values.begin(), values.end()));
    }
  }
  testing::ScratchFolder folder_;
};

TEST_F(ArrayTest, EveryElementTypeInBothByteOrders) {
  expect_type<std::uint8_t>("u1", {0, 1, 255});
  expect_type<std::uint16_t>("u2", {0, 258, 65535});
  expect_type<std::uint32_t>("u4", {0, 16909060, 4294967295u});
  expect_type<std::uint64_t>("u8", {0, 72623859790382u, (1ull << 53) - 1});
  expect_type<std::int8_t>("i1", {0, 127, -128});
  expect_type<std::int16_t>("i2", {0, 258, -32768});
  expect_type<std::int32_t>("i4", {0, 16909060, INT32_MIN});
  expect_type<std::int64_t>("i8", {0, 72623859790382, -(1ll << 53) + 1});
  expect_type<float>("f4", {0, 1.5f, -3.25e20f});
  expect_type<double>("f8", {0, 0.1, -1e300});
  EXPECT_EQ(npy_numbers(npy_of("|b1", "(3,)", std::string("\0\1\1", 3))), (Numbers{0, 1, 1}));
  EXPECT_EQ(npy_numbers(npy_of("=i2", "(1,)", "\1\2")), (Numbers{513}));
}

TEST_F(ArrayTest, HalfPrecisionNumbers) {
  // 1, -2, the least subnormal, the largest subnormal, the largest, infinity, not a number
  const std::vector<std::uint16_t> bits{0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0x7e00};
  std::string data;
  for (const auto b : bits) data += raw(b, true);
  const Numbers got = npy_numbers(npy_of(">f2", "(7,)", data));
  EXPECT_EQ(Numbers(got.begin(), got.end() - 1),
            (Numbers{1, -2, std::ldexp(1, -24), std::ldexp(1023, -24), 65504, HUGE_VAL}));
  EXPECT_TRUE(std::isnan(got.back()));
}

TEST_F(ArrayTest, IntegersThatDoublesCannotHoldAreRefused) {
  EXPECT_EQ(npy_error(npy_of("<u8", "(3, 2)", std::string(32, '\0') + std::string(16, '\xff'))),
            "a.npy, row 2 (counted from 0): 18446744073709551615 is too large to be kept exactly; store "
            "numbers below 2^53");
  EXPECT_NE(npy_error(npy_of("<i8", "(1,)", raw(-(1ll << 53), false))), "(no error)");
}

TEST_F(ArrayTest, AFileOfNumPyByteForByte) {
  const std::string written_by_numpy = std::string("\x93NUMPY\1\0v\0", 10) +
                                       "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }" +
                                       std::string(58, ' ') + "\n" + std::string("\1\0\2\0\3\0\xff\xff", 8);
  EXPECT_EQ(npy_numbers(written_by_numpy), (Numbers{1, 2, 3, -1}));
  const std::int16_t values[] = {1, 2, 3, -1};
  write_npy(folder_.path("w.npy"), {2, 2}, ElementType::I16, bytes_of(std::span<const std::int16_t>(values)));
  EXPECT_EQ(testing::read_file(folder_.path("w.npy")), written_by_numpy);
}

TEST_F(ArrayTest, HeadersOfAllVersionsAndHabits) {
  for (const char version : {1, 2, 3})
    EXPECT_EQ(
        npy_numbers(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n", "\4\5", version)),
        (Numbers{4, 5}));
  EXPECT_EQ(npy_numbers(npy("{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"|u1\"}", "\4\5")),
            (Numbers{4, 5}));
  EXPECT_EQ(npy_numbers(npy_of("|u1", "(0, 3)", "")), Numbers{});
}

TEST_F(ArrayTest, BadHeadersAreRefused) {
  const std::string good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(npy_error("PK"), "a.npy ends within its NPY header; fetch or write it again");
  EXPECT_EQ(npy_error("\x93NUMPYX\1\0\0"), "a.npy is NPY of version 88; versions 1 to 3 can be read");
  EXPECT_EQ(npy_error("0123456789"), "a.npy is not an NPY file: it does not begin as one");
  EXPECT_EQ(npy_error(npy("{}", "")), "a.npy has a damaged NPY header, \"{}\"; write the file again");
  EXPECT_EQ(npy_error(npy_of("<U5", "(2,)", "")),
            "a.npy holds elements of type \"<U5\"; save the array as numbers, for example float64");
  EXPECT_EQ(npy_error(npy_of("|O", "(2,)", "")),
            "a.npy holds elements of type \"|O\"; save the array as numbers, for example float64");
  EXPECT_EQ(npy_error(npy("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (2,), }", "")),
            "a.npy holds an array of structures; save each field as an array of its own");
  EXPECT_EQ(npy_error(npy_of("|u1", "()", "\1")), "a.npy holds a single number; an array of rows is needed");
  for (const std::string& bad :
       {good + "x", good.substr(0, good.size() - 1), "x" + good, std::string(),
        std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }"),
        std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (1 2), }"),
        std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
        std::string("{'descr': '|u1', 'fortran_order': 0, 'shape': (2,), }"),
        std::string("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"),
        std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'more': 1}"),
        std::string("{'descr': '|u1' 'fortran_order': False, 'shape': (2,), }")})
    EXPECT_EQ(npy_error(npy(bad, "\1\2")).substr(0, 30), "a.npy has a damaged NPY header") << bad;
}

TEST_F(ArrayTest, AbsurdSizesAllocateNothing) {
  EXPECT_EQ(npy_error(npy_of("|u1", "(1152921504606846976,)", "\1\2")),
            "a.npy claims an impossible shape, 1152921504606846976; write the file again");
  EXPECT_EQ(npy_error(npy_of("|u1", "(0, 4294967296, 4294967296)", "")),
            "a.npy claims an impossible shape, 0x4294967296x4294967296; write the file again");
  // Possible, but not there: 64 TiB, in either order.
  for (const bool fortran : {false, true})
    EXPECT_EQ(npy_error(npy_of("<f8", "(8, 1099511627776)", "12345678", fortran)),
              "a.npy ends within its 8x1099511627776 elements; fetch or write it again");
  EXPECT_EQ(npy_numbers(npy_of("<f8", "(0, 1099511627776)", "", true)), Numbers{});
  EXPECT_EQ(npy_error("\x93NUMPY\2" + std::string("\0\xff\xff\xff\xff", 5)),
            "a.npy claims an NPY header of 4294967295 bytes; write the file again");
}

TEST_F(ArrayTest, EveryTruncationIsNoticedAndSoIsExcess) {
  for (const bool fortran : {false, true}) {
    const std::string whole = npy_of("<u2", "(3, 2)", "abcdefghijkl", fortran);
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_NE(npy_error(whole.substr(0, size)), "(no error)") << size;
    EXPECT_EQ(npy_error(whole + "m"),
              "a.npy is longer than its header says (3x2 elements); write the file again");
  }
  const auto idx_error = [&](const std::string& file) {
    return usage_error(folder_, [&] { all(open_idx(folder_.write("i", file))); });
  };
  for (std::size_t size = 0; size < kIdx.size(); ++size)
    EXPECT_NE(idx_error(kIdx.substr(0, size)), "(no error)") << size;
  EXPECT_EQ(idx_error(kIdx + "m"), "i is longer than its header says (2x3 elements); write the file again");
}

TEST_F(ArrayTest, FortranOrderIsTurned) {
  // 2x3x2, numbered in C order; in Fortran order the first index varies fastest.
  const std::string data("\0\6\2\x8\4\xa\1\7\3\x9\5\xb", 12);
  Numbers expected(12);
  std::iota(expected.begin(), expected.end(), 0);
  auto reader = open_npy(folder_.write("f.npy", npy_of("|u1", "(2, 3, 2)", data, true)));
  EXPECT_EQ(reader.rows(0, 2), expected);
  EXPECT_EQ(reader.rows(1, 2), Numbers(expected.begin() + 6, expected.end()));
  EXPECT_EQ(npy_numbers(npy_of("|u1", "(3,)", "\1\2\3", true)), (Numbers{1, 2, 3}));
}

RC_GTEST_PROP(ArrayProperty, RowRangesInAnyOrderAreThoseOfTheWhole, (bool fortran, bool packed)) {
  const testing::ScratchFolder folder;
  const auto rows = *rc::gen::inRange<std::size_t>(0, 20), width = *rc::gen::inRange<std::size_t>(1, 5);
  std::string data;
  Numbers expected(rows * width);
  for (std::size_t i = 0; i < rows * width; ++i) {
    const std::size_t row = fortran ? i % rows : i / width, column = fortran ? i / rows : i % width;
    data += raw<std::int32_t>(static_cast<std::int32_t>(i * 1000), true);
    expected[row * width + column] = static_cast<double>(i * 1000);
  }
  const std::string file = npy_of(">i4", fmt::format("({}, {})", rows, width), data, fortran);
  ArrayReader reader = open_npy(folder.write("a.npy", packed ? gzipped(file) : file));
  for (int i = 0; i < 5; ++i) {
    const auto end = *rc::gen::inRange<std::size_t>(0, rows + 1),
               begin = *rc::gen::inRange<std::size_t>(0, end + 1);
    const auto at = [&](std::size_t row) {
      return expected.begin() + static_cast<std::ptrdiff_t>(row * width);
    };
    RC_ASSERT(reader.rows(begin, end) == Numbers(at(begin), at(end)));
  }
}

TEST_F(ArrayTest, LongArraysStreamAcrossChunks) {
  Numbers values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sqrt(static_cast<double>(i));
  write_npy(folder_.path("long.npy"), {50'000, 2}, values);
  auto reader = open_npy(folder_.path("long.npy"));
  EXPECT_EQ(reader.shape(), (Shape{50'000, 2}));
  EXPECT_EQ(reader.rows(0, 50'000), values);
  EXPECT_EQ(reader.rows(49'999, 50'000), (Numbers{values[99'998], values[99'999]}));
  EXPECT_EQ(usage_error(folder_, [&] { reader.rows(2, 50'001); }),
            "long.npy has 50000 rows, so there are none from 2 to 50001");
}

TEST_F(ArrayTest, IdxOfEveryType) {
  auto reader = open_idx(folder_.write("i", kIdx));
  EXPECT_EQ(reader.shape(), (Shape{2, 3}));
  EXPECT_EQ(reader.rows(0, 2), (Numbers{1, 2, 3, -1, -2, -32768}));
  EXPECT_EQ(reader.rows(1, 2), (Numbers{-1, -2, -32768}));
  const auto numbers = [&](char code, const std::string& data) {
    return all(open_idx(
        folder_.write("i", gzipped(std::string("\0\0", 2) + code + std::string("\1\0\0\0\2", 5) + data))));
  };
  EXPECT_EQ(numbers(0x08, "\x01\xff"), (Numbers{1, 255}));
  EXPECT_EQ(numbers(0x09, "\x01\xff"), (Numbers{1, -1}));
  EXPECT_EQ(numbers(0x0C, raw(70000, true) + raw(-70000, true)), (Numbers{70000, -70000}));
  EXPECT_EQ(numbers(0x0D, raw(0.5f, true) + raw(-2.f, true)), (Numbers{0.5, -2}));
  EXPECT_EQ(numbers(0x0E, raw(0.1, true) + raw(-1e200, true)), (Numbers{0.1, -1e200}));
}

TEST_F(ArrayTest, BadIdxFilesAreRefused) {
  const auto error = [&](std::string_view file) {
    return usage_error(folder_, [&] { all(open_idx(folder_.write("i", file))); });
  };
  EXPECT_EQ(error("ab\x08\x01"), "i is not an IDX file: it does not begin with two zero bytes");
  EXPECT_EQ(error(std::string_view("\0\0\x0A\x01", 4)),
            "i has elements of an unknown IDX type 0x0a; is it an IDX file?");
  EXPECT_EQ(error(std::string_view("\0\0\x08\0", 4)), "i holds a single number; an array of rows is needed");
  EXPECT_EQ(error(std::string("\0\0\x08\x03", 4) + std::string(12, '\xff')),
            "i claims an impossible shape, 4294967295x4294967295x4294967295; write the file again");
}

TEST_F(ArrayTest, NpzMembersByName) {
  const std::string x = npy_of("|u1", "(3,)", "\1\2\3"),
                    y = npy_of("<u2", "(2,)", std::string("\1\0\2\0", 4));
  for (const bool deflated : {false, true})
    for (const bool zip64 : {false, true}) {
      const auto path = folder_.write(
          "d.npz", zipped({{"x.npy", x, deflated}, {"note.txt", "n"}, {"y.npy", y, deflated}}, zip64));
      EXPECT_EQ(npz_members(path), (std::vector<std::string>{"x", "y"}));
      EXPECT_EQ(all(open_npz(path, "x")), (Numbers{1, 2, 3}));
      auto reader = open_npz(path, "y");
      EXPECT_EQ(reader.rows(1, 2), (Numbers{2}));
      EXPECT_EQ(reader.rows(0, 2), (Numbers{1, 2}));
      EXPECT_EQ(usage_error(folder_, [&] { open_npz(path, ""); }),
                "d.npz holds several arrays, \"x\", \"y\"; say which");
      EXPECT_EQ(usage_error(folder_, [&] { open_npz(path, "z"); }),
                "d.npz holds no single array \"z\"; it holds \"x\", \"y\"");
    }
  EXPECT_EQ(all(open_npz(folder_.write("one.npz", zipped({{"x.npy", x}})), "")), (Numbers{1, 2, 3}));
  EXPECT_EQ(usage_error(folder_, [&] { open_npz(folder_.write("none.npz", zipped({})), ""); }),
            "none.npz holds no NPY arrays; write it with numpy.savez");
}

TEST_F(ArrayTest, DamagedArchivesAreRefused) {
  const std::string x = npy_of("|u1", "(3,)", "\1\2\3");
  const auto error = [&](const std::string& file) {
    return usage_error(folder_, [&] { all(open_npz(folder_.write("d.npz", file), "x")); });
  };
  for (const bool zip64 : {false, true})
    for (const bool deflated : {false, true}) {
      const std::string whole = zipped({{"x.npy", x, deflated}}, zip64);
      ASSERT_EQ(error(whole), "(no error)");
      for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_NE(error(whole.substr(0, size)), "(no error)") << size;
      // Each byte damaged: an error or the same array, never another array nor a crash.
      for (std::size_t at = 0; at < whole.size(); ++at)
        for (const char mask : {'\x01', '\x80', '\xff'}) {
          std::string damaged = whole;
          damaged[at] = static_cast<char>(damaged[at] ^ mask);
          if (error(damaged) != "(no error)") continue;
          EXPECT_EQ(all(open_npz(folder_.path("d.npz"), "x")), (Numbers{1, 2, 3})) << at;
        }
    }
  std::string stored = zipped({{"x.npy", x}});
  stored[stored.find("\1\2\3")] = 9;
  EXPECT_EQ(error(stored), "d.npz[x.npy] is damaged: its checksum differs; fetch or write it again");
  std::string understated = zipped({{"x.npy", x, true}});
  --understated[understated.find("PK\1\2") + 24];  // the unpacked size
  EXPECT_EQ(error(understated), "d.npz[x.npy] is longer than the archive says; fetch or write it again");
  EXPECT_EQ(
      error("no archive at all, though long enough"),
      "d.npz is not a zip archive that can be read: it has no directory at its end; fetch or write it again");
}

TEST_F(ArrayTest, KindsAreToldByContent) {
  const auto kind = [&](std::string_view content) { return file_kind(folder_.write("file.csv", content)); };
  const std::string array = npy_of("|u1", "(1,)", "\7");
  EXPECT_EQ(kind(array), FileKind::Npy);
  EXPECT_EQ(kind(gzipped(array)), FileKind::Npy);
  EXPECT_EQ(kind(zipped({{"x.npy", array}})), FileKind::Npz);
  EXPECT_EQ(kind(kIdx), FileKind::Idx);
  EXPECT_EQ(kind("a,b\n"), FileKind::Csv);
  EXPECT_EQ(kind(""), FileKind::Csv);
  for (const std::string& content :
       {array, gzipped(array), zipped({{"x.npy", array}}), std::string("\0\0\x08\1\0\0\0\1\7", 9)})
    EXPECT_EQ(all(open_array(folder_.write("any", content), "")), (Numbers{7}));
  EXPECT_EQ(usage_error(folder_, [&] { open_array(folder_.write("t", "a,b\n"), ""); }),
            "t is no array file; give an NPY, NPZ or IDX file");
  EXPECT_EQ(usage_error(folder_, [&] { open_array(folder_.write("t", array), "x"); }),
            "t holds one array, so it has none called \"x\"; leave the name out");
}

TEST_F(ArrayTest, WritingToNowhereIsAnIoError) {
  EXPECT_THROW(write_npy(folder_.path("no/a.npy"), {1}, Numbers{1}), IoError);
}

}  // namespace
}  // namespace tacit
