// A party's checkpoints: sealed files as they lie on the disk, and, behind right tags, which no fuzzer would
// guess, states of a training, uploads, records, and what another party says of its own record.
#include <algorithm>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/job/checkpoints.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/job/training_record.h"
#include "tacit/job/upload.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/train/trainer.h"

namespace tacit::fuzz {

namespace {

const testing::ScratchFolder& folder() {
  static const testing::ScratchFolder f;
  return f;
}

Job job_of(bool columns) {
  std::string text = testing::small_job_text();
  text += "[training.optimiser]\nname = \"amsgrad\"\n";
  if (columns) text.replace(text.find("[data]"), 6, "[data]\npartition = \"columns\"\nid = \"who\"");
  Job job = testing::read_job_text(folder(), text);
  job.owners[0].key = job.owners[1].key = fixed_identity().public_key();
  return job;
}
const Job& job(bool columns) {
  static const Job rows = job_of(false), by_columns = job_of(true);
  return columns ? by_columns : rows;
}
const nn::Graph& graph() {
  static const nn::Graph g = build_model(job(false));
  return g;
}

constexpr CheckpointName kName{};
constexpr unsigned kSet[] = {0, 1};
constexpr std::string_view kWord = "checkpoint";

/// The file of a state, as Checkpoints writes it.
const std::string& whole_file() {
  static const std::string content = [] {
    Checkpoints store(folder().path("store"), fixed_identity(), job_hash(job(false)));
    store.put_state(kName, [](ByteWriter& to) { to.write(bytes_of(kWord)); });
    for (const auto& entry : std::filesystem::directory_iterator(folder().path("store")))
      return testing::read_file(entry.path());
    return std::string();
  }();
  return content;
}

void read_file(ByteView content) {
  whole_file();
  std::filesystem::path state;
  for (const auto& entry : std::filesystem::directory_iterator(folder().path("store"))) state = entry.path();
  folder().write("store/" + state.filename().string(), text_of(content));
  const Checkpoints store(folder().path("store"), fixed_identity(), job_hash(job(false)));
  const auto found = store.states();
  if (found.size() > 1) __builtin_trap();
  if (found.size() == 1 && !(found[0] == kName)) {  // names of files are shorter than what they name
    store.check_state(found[0]);                    // refuses it
    __builtin_trap();
  }
  store.of_other_jobs();
  std::string word(kWord.size(), '\0');
  store.read_state(kName, [&](ByteReader& from) { from.read(std::as_writable_bytes(std::span(word))); });
  if (word != kWord) __builtin_trap();  // nobody makes another that opens
  store.check_state(kName);
}

void read_state(ByteView bytes) {
  Workers workers(1);
  plain::PlainEngine engine(Compute{ring_kernels(Isa::Portable), workers});
  nn::Ctx ctx{engine, 16};
  MemoryReader from(bytes);
  const nn::TrainState state = nn::load_train_state(ctx, graph(), job(false).training, from);
  MemoryWriter again;
  nn::save(ctx, state, again);
  if (!std::ranges::equal(again.bytes, bytes.first(bytes.size() - from.left()))) __builtin_trap();
}

void read_uploads(ByteView bytes, bool columns) {
  MemoryReader from(bytes);
  const auto uploads = load_uploads(job(columns), kSet, folder().path(""), Isa::Portable, from);
  for (const Upload& u : uploads) {
    std::vector<Word> row(u.manifest.width());
    for (const auto& c : u.components) c->read(u.manifest.rows - 1, 0, row);
  }
  MemoryWriter again;
  save_uploads(uploads, again);
  if (!std::ranges::equal(again.bytes, bytes.first(bytes.size() - from.left()))) __builtin_trap();
}

std::string some_uploads(bool columns) {
  std::vector<Upload> all;
  for (const std::string& owner : job(columns).data.owners) {
    Upload u;
    Manifest& m = u.manifest;
    m.owner = owner;
    m.job = job_hash(job(columns));
    m.upload = std::string(32, '0');
    m.rows = 4;
    m.test_rows = 1;
    m.feature_columns = {0, 1};
    m.target_width = 1;
    m.components.resize(3);
    u.text = to_text(m);
    u.components.push_back(seed_component(Bytes(Prg::kKeySize), m.width(), Isa::Portable));
    ComponentWriter rows(folder().path(""), m.width(), ByteView());
    rows.append(std::vector<Word>(m.rows * m.width(), 5));
    u.components.push_back(rows.finish());
    if (columns) u.ids.assign(2, RingTensor::zeros(Shape{kIdNumbers}));
    all.push_back(std::move(u));
  }
  MemoryWriter to;
  save_uploads(all, to);
  return std::string(text_of(to.bytes));
}

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 6;
  const ByteView rest = cursor.rest();
  if (what == 0) return read_file(rest);
  if (what == 1) return read_state(rest);
  if (what <= 3) return read_uploads(rest, what == 3);
  if (what == 4) {
    const std::string text = to_text(parse_training_record(text_of(rest), job(false)));
    if (to_text(parse_training_record(text, job(false))) != text) __builtin_trap();
    return;
  }
  TrainingRecord own;
  own.used.resize(job(false).releases.size());
  try {
    take_highest(own, text_of(rest), "beta", job(false));
  } catch (const UsageError&) {
    __builtin_trap();  // whatever is wrong here is the other party's
  }
}

std::vector<std::string> seeds() {
  Workers workers(1);
  plain::PlainEngine engine(Compute{ring_kernels(Isa::Portable), workers});
  nn::Ctx ctx{engine, 16};
  MemoryWriter state;
  nn::save(ctx, nn::initial_state(ctx, graph(), job(false).training), state);
  TrainingRecord record;
  record.used.resize(job(false).releases.size());
  record.ledger = {{"metric", {"alpha"}, "to look at it", 64, 1}};
  record.loss = {{3, 0.5}};
  record.resumed = {100};
  record.agreed.files.resize(3);
  return {std::string(1, '\0') + whole_file(),
          '\1' + std::string(text_of(state.bytes)),
          '\2' + some_uploads(false),
          '\3' + some_uploads(true),
          '\4' + to_text(record),
          '\5' + public_text(record)};
}

}  // namespace tacit::fuzz
