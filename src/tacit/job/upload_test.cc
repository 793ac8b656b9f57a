// Uploads: an honest owner's shares sum to its data, and every kind of lie is found by the parties and laid
// at the owner's door.
#include "tacit/job/upload.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/upload_run.h"
#include "tacit/mpc/table.h"
#include "tacit/party/handshake.h"

namespace tacit {
namespace {

using nlohmann::json;
using testing::Change;
using testing::flip;
using testing::not_found_out;
using testing::read_job_text;
using testing::run_upload;
using testing::ScratchFolder;
using testing::small_job_text;
using testing::UploadOutcome;

constexpr const char* kRows = "a,b,sold\n1,0,no\n-2.5,4,yes\n9.75,1,yes\n-10,2.5,no\n0.125,3,no\n";

class UploadTest : public ::testing::Test {
 protected:
  UploadTest() {
    for (Endpoint& e : job_.owners)
      e.key = identities_.emplace(e.name, Identity::generate()).first->second.public_key();
  }

  /// One owner's upload to all parties. `owners_job` is what the owner holds for the job.
  UploadOutcome run(const std::string& owner, std::string_view rows, Change change = {},
                    const Job* owners_job = nullptr) {
    return run_upload({job_,
                       owners_job == nullptr ? job_ : *owners_job,
                       owner,
                       identities_.at(owner),
                       {.features = folder_.write(owner + ".csv", rows)},
                       folder_.path(""),
                       change});
  }

  /// No party accepts the lie, each blames north, and one of them says why.
  void expect_found(const UploadOutcome& out, const std::string& why) {
    EXPECT_EQ(not_found_out(out, "north", why), "");
  }
  void expect_found(Change change, const std::string& why) {
    expect_found(run("north", kRows, std::move(change)), why);
  }

  /// North's manifest as `edit` would have it, properly signed.
  Change signed_anew(std::function<void(json&)> edit) {
    auto text = std::make_shared<std::string>();
    return [this, text, edit](PartyId, std::string& tag, Bytes& body) {
      if (tag == "owner.manifest") {
        json j = json::parse(text_of(body));
        edit(j);
        *text = j.dump();
        const ByteView view = bytes_of(*text);
        body.assign(view.begin(), view.end());
      } else if (tag == "owner.signature") {
        const Signature s = identities_.at("north").sign(bytes_of("tacit upload manifest\n" + *text));
        body.assign(s.begin(), s.end());
      }
      return true;
    };
  }

  /// What the distinct components sum to, row by row; both holders of each must have the same.
  static Words sum(const UploadOutcome& out, const std::vector<std::vector<unsigned>>& sets) {
    const std::size_t rows = out.uploads[0]->manifest.rows, width = out.uploads[0]->manifest.width();
    std::map<unsigned, Words> components;
    for (std::size_t p = 0; p < 3; ++p)
      for (std::size_t i = 0; i < sets[p].size(); ++i) {
        Words all(rows * width);
        for (std::size_t r = 0; r < rows; ++r)
          out.uploads[p]->components[i]->read(r, 0, std::span(all).subspan(r * width, width));
        const auto at = components.emplace(sets[p][i], all).first;
        EXPECT_EQ(at->second, all) << "component " << sets[p][i];
      }
    Words total(rows * width, 0);
    for (const auto& [number, words] : components)
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += words[i];
    return total;
  }

  ScratchFolder folder_;
  std::map<std::string, Identity> identities_;
  Job job_ = read_job_text(folder_, small_job_text());
};

TEST_F(UploadTest, HonestSharesSumToTheData) {
  const auto& sets = protocol_named("aby3").component_sets;
  for (const char* owner : {"north", "south"}) {  // they send other components in full
    const UploadOutcome out = run(owner, kRows);
    ASSERT_EQ(out.owner_said, "");
    for (std::size_t p = 0; p < 3; ++p) ASSERT_TRUE(out.uploads[p]) << out.said[p];
    const Manifest& m = out.uploads[1]->manifest;
    EXPECT_EQ(out.errands, std::vector<std::uint8_t>(3, static_cast<std::uint8_t>(Errand::Bring)));
    EXPECT_EQ(m.owner, owner);
    EXPECT_EQ(m.rows, 5u);
    EXPECT_EQ(m.test_rows, 1u);
    EXPECT_EQ(m.target_width, 1u);
    EXPECT_EQ(out.uploads[0]->text, out.uploads[2]->text);
    // a as it is, b scaled to [0, 1], the label as 0 or 1; 16 binary digits.
    const double wanted[] = {1, 0, 0, -2.5, 1, 1, 9.75, 0.25, 1, -10, 0.625, 0, 0.125, 0.75, 0};
    const Words total = sum(out, sets);
    ASSERT_EQ(total.size(), std::size(wanted));
    for (std::size_t i = 0; i < total.size(); ++i)
      EXPECT_EQ(static_cast<std::int64_t>(total[i]), std::lround(wanted[i] * 65536)) << i;
  }
}

TEST_F(UploadTest, ManyBlocksAreOneUpload) {
  std::string rows = "sold,b,a\n";  // columns are found by name
  for (int i = 0; i < 3000; ++i) rows += fmt::format("{},{},{}\n", i % 2 == 0 ? "no" : "yes", i % 5, i % 10);
  const UploadOutcome out = run("south", rows);
  ASSERT_TRUE(out.uploads[0] && out.uploads[1] && out.uploads[2]) << out.owner_said;
  EXPECT_EQ(out.uploads[0]->manifest.rows, 3000u);
  EXPECT_EQ(out.uploads[0]->manifest.test_rows, 750u);
  const Words total = sum(out, protocol_named("aby3").component_sets);
  for (std::size_t i = 0; i < 3000; ++i) {
    ASSERT_EQ(total[3 * i], (i % 10) << 16);
    ASSERT_EQ(total[3 * i + 1], (i % 5) << 14);
    ASSERT_EQ(total[3 * i + 2], (i % 2) << 16);
  }
}

TEST_F(UploadTest, TheSameDataAreSharedAnew) {
  const UploadOutcome one = run("north", kRows), two = run("north", kRows);
  ASSERT_TRUE(one.uploads[0] && two.uploads[0]);
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NE(one.uploads[0]->manifest.components[c], two.uploads[0]->manifest.components[c]) << c;
  EXPECT_NE(one.uploads[0]->manifest.upload, two.uploads[0]->manifest.upload);
}

TEST_F(UploadTest, WrongSignature) {
  expect_found(flip("owner.signature", 5), "did not sign its manifest with its key");
  expect_found(flip("owner.manifest", 40), "did not sign its manifest with its key");
  // Another's signature is none of north's.
  identities_.insert_or_assign("north", Identity::generate());
  expect_found(run("north", kRows), "did not sign its manifest with its key");
}

TEST_F(UploadTest, WrongDigest) {
  const std::string why = "sent shares that do not have the digest it signed";
  expect_found(flip("owner.rows", 13), why);
  expect_found(flip("owner.rows", 13, 0), why);  // to one of its two holders alone
  expect_found(flip("owner.seed", 3), why);
  expect_found(flip("owner.salt", 3), why);
  expect_found(signed_anew([](json& j) { j["components"].erase(2); }), why);
  expect_found(signed_anew([](json& j) { std::swap(j["components"][0], j["components"][1]); }), why);
}

TEST_F(UploadTest, WrongRows) {
  expect_found(signed_anew([](json& j) { j["rows"] = 6; }), "announced 6 rows and sent others");
  expect_found(signed_anew([](json& j) { j["rows"] = 4; }), "announced 4 rows and sent others");
  expect_found(signed_anew([](json& j) { j["rows"] = 0; }), "signed a manifest that does not fit its rows");
  expect_found(signed_anew([](json& j) { j["test_rows"] = 5; }),
               "signed a manifest that does not fit its rows");
  expect_found(signed_anew([](json& j) { j["target_width"] = 2; }),
               "signed a manifest that does not fit its rows");
  // Widths whose sum wraps around to the right one.
  expect_found(signed_anew([](json& j) {
                 j["feature_columns"] = {0, 1, 0, 1};
                 j["target_width"] = ~std::uint64_t{0};
               }),
               "signed a manifest that does not fit its rows");
  expect_found(signed_anew([](json& j) {
                 j["feature_columns"] = {0, 7};
               }),
               "names a column that the schema does not have");
}

TEST_F(UploadTest, AnotherJob) {
  Job other = job_;
  other.training.epochs = 2;
  const UploadOutcome out = run("north", kRows, {}, &other);
  expect_found(out, fmt::format("has another job file (its hash begins {}, ours {}): use the same one",
                                to_hex(job_hash(other)).substr(0, 12), to_hex(job_hash(job_)).substr(0, 12)));
  EXPECT_NE(out.owner_said.find("has another job file"), std::string::npos) << out.owner_said;
  // And one that says the right thing in its greeting, and signs another.
  expect_found(signed_anew([](json& j) { j["job"] = std::string(64, '0'); }),
               "signed a manifest of another job or owner");
  expect_found(signed_anew([](json& j) { j["owner"] = "south"; }),
               "signed a manifest of another job or owner");
}

TEST_F(UploadTest, AnotherSession) {
  // What was signed for one session, down to the last byte, is refused in the next.
  expect_found(signed_anew([](json& j) { j["session"] = to_hex(sha256(bytes_of("an earlier session"))); }),
               "signed a manifest of another session");
  expect_found(signed_anew([](json& j) { j["upload"] = "0123"; }),
               "signed a manifest without the upload's id");
}

TEST_F(UploadTest, AnotherVersion) {
  static_assert(kProtocolVersion == 5);  // its lowest bit is flipped
  expect_found(flip("owner.hello", 0),
               "speaks version 4 of the protocol and we speak 5: install the same tacit on both");
}

TEST_F(UploadTest, TooWideRows) {
  auto width = [](std::uint64_t w) {
    return [w](PartyId, std::string& tag, Bytes& body) {
      if (tag == "owner.shape") std::memcpy(body.data(), &w, sizeof w);
      return true;
    };
  };
  expect_found(width(4), "sends rows of 4 numbers, and the schema has 3");
  expect_found(width(0), "sends rows of 0 numbers, and the schema has 3");
  expect_found(width(~std::uint64_t{0}),
               fmt::format("sends rows of {} numbers, and the schema has 3", ~std::uint64_t{0}));
}

TEST_F(UploadTest, Truncated) {
  auto shorten = [](std::string_view which, std::size_t by) {
    return [which, by](PartyId, std::string& tag, Bytes& body) {
      if (tag == which) body.resize(body.size() - by);
      return true;
    };
  };
  expect_found(shorten("owner.rows", 8), "sent rows that do not fit");
  expect_found(shorten("owner.rows", 5 * 24), "sent rows that do not fit");  // none
  expect_found(shorten("owner.rows", 24), "announced 5 rows and sent others");
  expect_found(shorten("owner.manifest", 1), "did not sign its manifest with its key");
  expect_found(shorten("owner.signature", 1), "sent 63 bytes at step 'owner.signature' where 64 were due");
  expect_found([](PartyId, std::string& tag, Bytes&) { return tag != "owner.rows"; },
               "announced 5 rows and sent others");
  const UploadOutcome out = run("north", kRows, [](PartyId, std::string& tag, Bytes&) -> bool {
    if (tag == "owner.signature") throw std::runtime_error("died");
    return true;
  });
  EXPECT_EQ(out.owner_said, "died");
  expect_found(out, "has left");
}

TEST_F(UploadTest, OutOfStep) {
  const UploadOutcome out = run("north", kRows, [](PartyId, std::string& tag, Bytes&) {
    if (tag == "owner.shape") tag = "owner.rows";
    return true;
  });
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_FALSE(out.uploads[p]);
    EXPECT_EQ(out.blamed[p], "north");
  }
  // Rows for a party that holds no component in full.
  expect_found(
      [](PartyId to, std::string& tag, Bytes& body) {
        if (index(to) == 1 && tag == "owner.manifest") {
          tag = "owner.rows";
          body.assign(24, std::byte{0});
        }
        return true;
      },
      "sent rows that do not fit");
}

TEST_F(UploadTest, AnUnreadableManifest) {
  expect_found(signed_anew([](json& j) { j.erase("rows"); }), "sent a manifest that cannot be read");
  expect_found(signed_anew([](json& j) { j["components"] = 3; }), "sent a manifest that cannot be read");
  expect_found(signed_anew([](json& j) { j = "text"; }), "sent a manifest that cannot be read");
}

TEST(Manifest, GoesThereAndBack) {
  const Manifest m{"north",
                   sha256(bytes_of("job")),
                   sha256(bytes_of("session")),
                   "0123",
                   17,
                   3,
                   {4, 0, 2},
                   10,
                   {sha256(bytes_of("a")), sha256(bytes_of("b"))},
                   sha256(bytes_of("ids"))};
  const Manifest back = parse_manifest(to_text(m), "north");
  EXPECT_EQ(to_text(back), to_text(m));
  EXPECT_EQ(back.job, m.job);
  EXPECT_EQ(back.session, m.session);
  EXPECT_EQ(back.ids, m.ids);
  EXPECT_EQ(back.width(), 13u);
  EXPECT_EQ(back.feature_columns, m.feature_columns);
  for (const char* text : {"", "{", "[]", "{}", "null", "{\"owner\": 3}"}) try {
      parse_manifest(text, "north");
      ADD_FAILURE() << text << " was read";
    } catch (const PeerError& e) { EXPECT_EQ(e.peer, "north"); }
}

}  // namespace
}  // namespace tacit
