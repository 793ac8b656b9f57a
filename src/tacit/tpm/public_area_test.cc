// Names and policies that a vendor computes without a TPM; tpm_test.cc holds them against one.
#include "tacit/tpm/public_area.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"

namespace tacit::tpm {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

TEST(Pcrs, HaveOneForm) {
  for (const char* text : {"none", "0", "7", "0+7", "0+2+4+7+23"})
    EXPECT_EQ(pcrs_text(parse_pcrs(text)), text);
  const ScratchFolder folder;
  for (const char* text : {"", "24", "07", "7+0", "7+7", "+7", "7+", "7,0", "x", "-1", "100", "none+7"})
    EXPECT_NE(usage_error(folder, [&] { parse_pcrs(text); }), "(no error)") << text;
}

TEST(PublicArea, IsTheSpecificationsBytes) {
  // The TCG's template L-2, written out: type, hash, attributes, policy, AES-128 in CFB, P-256, zeros.
  const std::string zeros(64, '0');
  EXPECT_EQ(to_hex(endorsement_area()),
            "0023000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
            "00060080004300100003001000"
            "20" +
                zeros + "0020" + zeros);
  EXPECT_EQ(to_hex(storage_area()),
            "0023000b0003047200000006008000430010000300100020" + zeros + "0020" + zeros);
  EXPECT_EQ(to_hex(device_key_area({}, {})), "0023000b000204720000001000100003001000000000");
  EXPECT_EQ(to_hex(device_key_area({7}, {})).substr(0, 20), "0023000b000204320020");
  EXPECT_EQ(to_hex(selection_of({0, 7, 23})), "00000001000b03810080");
}

TEST(PublicArea, NamesFollowFromAllOfIt) {
  Bytes point(kPointSize, std::byte{1});
  const Bytes name = object_name(device_key_area({7}, {}, point));
  EXPECT_EQ(name.size(), kNameSize);
  Digest other_state{};
  other_state[3] = std::byte{1};
  EXPECT_NE(object_name(device_key_area({7}, other_state, point)), name);
  EXPECT_NE(object_name(device_key_area({6}, {}, point)), name);
  EXPECT_NE(object_name(device_key_area({}, {}, point)), name);
  point[64] = std::byte{2};
  EXPECT_NE(object_name(device_key_area({7}, {}, point)), name);
}

}  // namespace
}  // namespace tacit::tpm
