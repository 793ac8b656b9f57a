#include "tacit/job/checkpoints.h"

#include <algorithm>
#include <chrono>

#include "tacit/base/error.h"

namespace tacit {

namespace {

// magic | kind (1 byte) | job | training | session | step (u64) | made (i64, milliseconds since 1970)
constexpr std::string_view kMagic = "tacit checkpoint 1\n";
constexpr std::size_t kJobAt = kMagic.size() + 1;
constexpr std::size_t kTrainingAt = kJobAt + sizeof(Digest);
constexpr std::size_t kSessionAt = kTrainingAt + sizeof(Digest);
constexpr std::size_t kStepAt = kSessionAt + sizeof(Digest);
constexpr std::size_t kMadeAt = kStepAt + sizeof(std::uint64_t);
constexpr std::size_t kHead = kMadeAt + sizeof(std::int64_t);

constexpr std::string_view kUse = "checkpoint";
constexpr std::string_view kData = ".data", kState = ".state", kLedger = ".ledger", kPart = ".part";

std::int64_t milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string short_hex(const Digest& digest) { return to_hex(digest).substr(0, 16); }

}  // namespace

Checkpoints::Checkpoints(std::filesystem::path folder, const Identity& identity, const Digest& job,
                         DiskStep before)
    : folder_(std::move(folder)), identity_(identity), job_(job), before_(std::move(before)) {}

std::filesystem::path Checkpoints::file(Kind kind, const CheckpointName& name) const {
  std::string text = short_hex(name.training);
  if (kind == Kind::State) text += fmt::format("-{}-{}", short_hex(name.session), name.step);
  return folder_.path() / (text + std::string(kind == Kind::Data    ? kData
                                              : kind == Kind::State ? kState
                                                                    : kLedger));
}

Bytes Checkpoints::head(Kind kind, const CheckpointName& name, std::int64_t made) const {
  Bytes out;
  append_bytes(out, bytes_of(kMagic));
  append(out, kind);
  append_bytes(out, job_);
  append_bytes(out, name.training);
  append_bytes(out, name.session);
  append(out, name.step);
  append(out, made);
  return out;
}

Bytes Checkpoints::head_in(Kind kind, const CheckpointName& name) const {
  const auto path = file(kind, name);
  std::error_code error;
  require(std::filesystem::exists(path, error) && !error, "there is no '{}'", path.string());
  const Bytes stored = read_head(path, kHead);
  require(stored == head(kind, name, read_at<std::int64_t>(stored, kMadeAt)),
          "'{}' is another job's or another training's, or damaged", path.string());
  return stored;
}

std::vector<CheckpointName> Checkpoints::states() const {
  std::vector<std::pair<std::int64_t, CheckpointName>> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path().extension() != kState) continue;
    try {
      const Bytes stored = read_head(entry.path(), kHead);
      const CheckpointName name{read_at<Digest>(stored, kTrainingAt), read_at<Digest>(stored, kSessionAt),
                                read_at<std::uint64_t>(stored, kStepAt)};
      const auto made = read_at<std::int64_t>(stored, kMadeAt);
      if (stored == head(Kind::State, name, made) && entry.path() == file(Kind::State, name))
        found.emplace_back(made, name);
    } catch (const UsageError&) {
    } catch (const IoError&) {}
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second.step > b.second.step;
  });
  std::vector<CheckpointName> out;
  for (const auto& [made, name] : found) out.push_back(name);
  return out;
}

std::size_t Checkpoints::of_other_jobs() const {
  std::size_t out = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path().extension() != kState) continue;
    try {
      const Bytes stored = read_head(entry.path(), kHead);
      out +=
          text_of(ByteView(stored).first(kMagic.size())) == kMagic && read_at<Digest>(stored, kJobAt) != job_;
    } catch (const UsageError&) {
    } catch (const IoError&) {}
  }
  return out;
}

Digest Checkpoints::put(Kind kind, const CheckpointName& name, const Write& write) {
  return write_sealed(file(kind, name), identity_, kUse, head(kind, name, milliseconds_now()), write,
                      before_);
}

Digest Checkpoints::put_data(const Digest& training, const Write& write) {
  return put(Kind::Data, {training, {}, 0}, write);
}
Digest Checkpoints::put_state(const CheckpointName& name, const Write& write) {
  return put(Kind::State, name, write);
}
Digest Checkpoints::put_ledger(const Digest& training, const Write& write) {
  return put(Kind::Ledger, {training, {}, 0}, write);
}

Digest Checkpoints::read_data(const Digest& training, const Read& read) const {
  const CheckpointName name{training, {}, 0};
  return read_sealed(file(Kind::Data, name), identity_, kUse, head_in(Kind::Data, name), read);
}
Digest Checkpoints::read_state(const CheckpointName& name, const Read& read) const {
  return read_sealed(file(Kind::State, name), identity_, kUse, head_in(Kind::State, name), read);
}
Digest Checkpoints::read_ledger(const Digest& training, const Read& read) const {
  const CheckpointName name{training, {}, 0};
  return read_sealed(file(Kind::Ledger, name), identity_, kUse, head_in(Kind::Ledger, name), read);
}

Digest Checkpoints::check_data(const Digest& training) const {
  const CheckpointName name{training, {}, 0};
  return check_sealed(file(Kind::Data, name), identity_, kUse, head_in(Kind::Data, name));
}
Digest Checkpoints::check_state(const CheckpointName& name) const {
  return check_sealed(file(Kind::State, name), identity_, kUse, head_in(Kind::State, name));
}

void Checkpoints::keep_only(const CheckpointName& name) {
  remove_all_but({file(Kind::Data, name), file(Kind::State, name), file(Kind::Ledger, name)});
}

void Checkpoints::clear() { remove_all_but({}); }

void Checkpoints::remove_all_but(const std::vector<std::filesystem::path>& kept) {
  std::vector<std::filesystem::path> gone;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    const auto& path = entry.path();
    const auto kind = path.extension() == kPart ? path.stem().extension() : path.extension();
    const bool ours = kind == kData || kind == kState || kind == kLedger;
    if (ours && std::find(kept.begin(), kept.end(), path) == kept.end()) gone.push_back(path);
  }
  // States first: one without its data or ledger would only mislead.
  std::sort(gone.begin(), gone.end(), [](const auto& a, const auto& b) {
    return (a.extension() == kState) > (b.extension() == kState);
  });
  for (const auto& path : gone) {
    if (before_) before_("remove a file");
    remove_file(path);
  }
  if (gone.empty()) return;
  if (before_) before_("sync the folder");
  sync_folder(folder_.path());
}

}  // namespace tacit
