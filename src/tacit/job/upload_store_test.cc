// Uploads that a party keeps: every word comes back, in memory or on disk, and what does not fit the job is
// refused.
#include <gtest/gtest.h>

#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/upload_run.h"
#include "tacit/mpc/table.h"

namespace tacit {
namespace {

using testing::ScratchFolder;

class UploadStore : public ::testing::Test {
 protected:
  UploadStore() {
    job_.data.owners = {"north"};
    job_.owners[0].key = identity_.public_key();
    std::string rows = "a,b,sold\n";
    for (int i = 0; i < 30; ++i)
      rows += fmt::format("{},{},{}\n", i % 21 - 10, i % 4, i % 2 == 0 ? "no" : "yes");
    const auto data = folder_.write("north.csv", rows);
    auto out = testing::run_upload({job_, job_, "north", identity_, {.features = data}, folder_.path("")});
    for (auto& u : out.uploads) uploads_.push_back(std::move(u.value()));
  }
  std::span<const unsigned> set(std::size_t party) const {
    return protocol_named(job_.protocol).component_sets[party];
  }
  Bytes saved(std::size_t party) const {
    MemoryWriter to;
    save_uploads({&uploads_[party], 1}, to);
    return to.bytes;
  }
  std::vector<Upload> loaded(std::size_t party, ByteView bytes) const {
    MemoryReader from(bytes);
    auto out = load_uploads(job_, set(party), folder_.path(""), detect_isa(), from);
    EXPECT_EQ(from.left(), 0u);
    return out;
  }

  ScratchFolder folder_;
  Identity identity_ = Identity::generate();
  Job job_ = testing::read_job_text(folder_, testing::small_job_text(), Keys::Needed);
  std::vector<Upload> uploads_;
};

TEST_F(UploadStore, EveryWordComesBack) {
  for (std::size_t p = 0; p < 3; ++p) {
    const Bytes bytes = saved(p);
    const auto back = loaded(p, bytes);
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].text, uploads_[p].text);
    EXPECT_EQ(to_text(back[0].manifest), to_text(uploads_[p].manifest));
    ASSERT_EQ(back[0].components.size(), uploads_[p].components.size());
    std::vector<Word> one(back[0].manifest.width()), other(one.size());
    for (std::size_t c = 0; c < back[0].components.size(); ++c)
      for (std::size_t row = 0; row < 30; ++row) {
        uploads_[p].components[c]->read(row, 0, one);
        back[0].components[c]->read(row, 0, other);
        EXPECT_EQ(one, other);
      }
    MemoryWriter again;
    save_uploads(back, again);
    EXPECT_EQ(again.bytes, bytes);
  }
}

TEST_F(UploadStore, WhatDoesNotFitIsRefused) {
  const Bytes bytes = saved(0);
  for (std::size_t size = 0; size < bytes.size(); size += 37) {
    MemoryReader from(ByteView(bytes).first(size));
    EXPECT_THROW(load_uploads(job_, set(0), folder_.path(""), detect_isa(), from), UsageError) << size;
  }
  // Numbers of uploads, of a manifest's bytes, a letter of it, the kind of a component.
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{15}, std::size_t{20}, 16 + uploads_[0].text.size()}) {
    Bytes bad = bytes;
    bad[at] ^= std::byte{64};
    MemoryReader from(bad);
    EXPECT_THROW(load_uploads(job_, set(0), folder_.path(""), detect_isa(), from), UsageError) << at;
  }
  Job other = job_;
  other.training.seed = 7;
  MemoryReader from(bytes);
  EXPECT_THROW(load_uploads(other, set(0), folder_.path(""), detect_isa(), from), UsageError);
}

TEST(Components, ThatAreLargeAreKeptOnDisk) {
  const ScratchFolder folder;
  constexpr std::size_t kWidth = 1000, kRows = 9000;  // 72 MB
  ComponentWriter writer(folder.path(""), kWidth, ByteView());
  std::vector<Word> row(kWidth);
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t i = 0; i < kWidth; ++i) row[i] = r * 1000003 + i;
    writer.append(row);
  }
  const auto component = writer.finish();
  MemoryWriter to;
  component->save(kRows * kWidth, to);
  EXPECT_EQ(to.bytes.size(), 1 + 8 * kRows * kWidth);
  MemoryReader from(to.bytes);
  const auto back = load_component(from, kRows * kWidth, kWidth, folder.path(""), detect_isa());
  for (const std::size_t r : {std::size_t{0}, std::size_t{65}, kRows - 1}) {
    back->read(r, 10, std::span(row).first(5));
    EXPECT_EQ(row[0], r * 1000003 + 10);
    EXPECT_EQ(row[4], r * 1000003 + 14);
  }
  // A claim of 2^60 words makes room for no more than there are.
  MemoryReader claims(ByteView(to.bytes).first(100));
  EXPECT_THROW(load_component(claims, std::uint64_t{1} << 57, kWidth, folder.path(""), detect_isa()),
               UsageError);
  Bytes kind = to.bytes;
  kind[0] = std::byte{3};
  MemoryReader none(kind);
  EXPECT_THROW(load_component(none, 10, kWidth, folder.path(""), detect_isa()), UsageError);
}

}  // namespace
}  // namespace tacit
