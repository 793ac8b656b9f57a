// The third demo: a vendor trains a network, seals it to two customers, and finds out which of them leaked
// it. Real processes, a real file format, a TPM in software; every command is one that a user would type, and
// is shown. It begins in a folder out of sight, so that one that fails leaves what was there as it was.
#include "demo_sealed.h"

#include <chrono>
#include <cstdio>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/report.h"

namespace tacit::app {

namespace sealed_demo {

namespace {

constexpr const char* kKeys = "keys";
/// By it the demo knows keys that it may replace.
constexpr const char* kKeysNote =
    "These keys were made by 'tacit demo sealed' for play. It replaces this folder whenever it runs.\n"
    "The TPM that kept the key of clinic/ was a program of the demo, and ended with it.\n";

void require_own_keys(const fs::path& out) {
  const fs::path keys = out / kKeys;
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(keys, ignored))) return;
  bool own = fs::is_regular_file(fs::symlink_status(keys / "README", ignored));
  if (own) {
    PlainFile note(keys / "README");
    std::string text(std::min<std::uint64_t>(note.size(), 4096), '\0');
    note.read(std::as_writable_bytes(std::span(text)));
    own = text == kKeysNote;
  }
  require(own, "'{}' is there, and was not made by this demo: name another folder with --out, or remove it",
          keys.string());
}

/// Puts what the demo made in its place, file by file.
void deliver(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  std::vector<fs::path> made;
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) made.push_back(entry.path());
  for (const fs::path& file : made) {
    const fs::path place = to / file.filename();
    if (file.filename() == kKeys) fs::remove_all(place);
    if (fs::is_directory(file) && fs::exists(place))
      deliver(file, place);
    else
      fs::rename(file, place);
  }
}

void print_report(const json& r, const fs::path& out) {
  std::printf("\n%-10s %s\n", "device", "its key lies in");
  for (const json& d : r.at("devices"))
    std::printf("%-10s %-28s %s\n", d.at("name").get<std::string>().c_str(),
                d.at("key") == "tpm" ? "a TPM 2.0, in software here" : "a file",
                d.at("ran").get<bool>() ? "runs the model" : "is refused");
  for (const json& run : r.at("runs"))
    std::printf("%-10s %-28s level %d: the plain model's answer to %zu of %zu digits, scores within %.1e\n",
                run.at("device").get<std::string>().c_str(), run.at("file").get<std::string>().c_str(),
                run.at("level").get<int>(), run.at("same_answer").get<std::size_t>(),
                run.at("examples").get<std::size_t>(), run.at("worst_difference").get<double>());
  std::printf("\n");
  for (const json& c : r.at("checks"))
    std::printf("%-9s %s\n", c.at("refused").get<bool>() ? "refused" : "OPENS",
                c.at("what").get<std::string>().c_str());
  const json& t = r.at("traced");
  std::printf(
      "\nleaked.onnx is %s's copy: score %.1f, and %.1f is enough. Anybody innocent is named with a\n"
      "probability of at most %.0e a trace. %s\n",
      t.at("customer").get<std::string>().c_str(), t.at("score").get<double>(),
      t.at("threshold").get<double>(), t.at("false_accusation").get<double>(),
      t.at("no_proof").get<std::string>().c_str());
  std::printf("\n%s   open it in a browser\n%s\n\nGo on in %s:\n", (out / "report.html").c_str(),
              (out / "report.json").c_str(), out.c_str());
  for (const json& command : r.at("next")) std::printf("  %s\n", command.get<std::string>().c_str());
}

}  // namespace

void Commands::tell(const std::string& what) const { say(style_, "      " + one_line(what)); }

void Commands::show(const std::vector<std::string>& words) const {
  std::string shown = "  tacit";
  for (const std::string& w : words)
    shown += w.find(' ') == std::string::npos ? " " + w : fmt::format(" \"{}\"", w);
  say(style_, shown);
}

std::unique_ptr<OwnedProcess> Commands::started(const std::vector<std::string>& words,
                                                const std::vector<std::string>& unseen, int keep,
                                                std::string_view ready) const {
  show(words);
  std::vector<std::string> all{fs::read_symlink("/proc/self/exe").string()};
  all.insert(all.end(), words.begin(), words.end());
  all.insert(all.end(), unseen.begin(), unseen.end());
  auto out = std::make_unique<OwnedProcess>(std::move(all), folder_, keep);
  if (!out->says(ready, &signals_)) {
    const EndedProcess ended = out->wait();
    throw_as_it_ended("'tacit " + words.at(0) + "'", ended.code, one_line(ended.err));
  }
  return out;
}

EndedProcess Commands::run(const std::vector<std::string>& words,
                           const std::function<void(const std::string&)>& line) const {
  show(words);
  std::vector<std::string> all{fs::read_symlink("/proc/self/exe").string(), "--json"};
  if (!line) all.push_back("--quiet");
  all.insert(all.end(), words.begin(), words.end());
  return OwnedProcess(std::move(all), folder_).wait(line, &signals_);
}

json Commands::done(const std::vector<std::string>& words,
                    const std::function<void(const std::string&)>& line) const {
  const EndedProcess ended = run(words, line);
  if (ended.code != 0) {
    // Of what a command that is not quiet said, the error is the last.
    std::string said = ended.err;
    while (said.ends_with('\n')) said.pop_back();
    said.erase(0, said.rfind('\n') == std::string::npos ? 0 : said.rfind('\n') + 1);
    throw_as_it_ended("'tacit " + words.at(0) + "'", ended.code, said);
  }
  return json::parse(ended.out);
}

std::string Commands::refused(const std::vector<std::string>& words, int code) const {
  const EndedProcess ended = run(words, {});
  std::string sentence = ended.err;
  if (sentence.ends_with('\n')) sentence.pop_back();
  const bool one = sentence.starts_with("tacit: ") && sentence.find('\n') == std::string::npos;
  if (ended.code != code || !one || !ended.out.empty())
    throw std::runtime_error(fmt::format(
        "'tacit {}' was to be refused with exit code {} and a sentence, and ended with {}: {}; "
        "please report it",
        words.at(0), code, ended.code, one_line(sentence.empty() ? "it said nothing" : sentence)));
  sentence.erase(0, 7);
  tell("refused, exit code " + std::to_string(code) + ": " + sentence);
  return sentence;
}

}  // namespace sealed_demo

nlohmann::json demo_sealed(const DemoOptions& options, const Style& style) {
  using namespace sealed_demo;
  const auto start = std::chrono::steady_clock::now();
  const fs::path& out = options.out;
  const EndingSignals signals;
  try {
    require_own_keys(out);
    fs::create_directories(out);
    const TemporaryFolder folder(fs::absolute(out));
    Stage stage(folder.path(), style, options.quick, signals);
    train_model(stage);
    make_devices(stage);
    prove_the_tpm(stage);
    seal_copies(stage);
    run_copies(stage);
    split_and_run(stage);
    try_what_is_stopped(stage);
    leak_and_trace(stage);
    const std::string drawings = steal_by_asking(stage);
    json& report = stage.report;
    report["next"] = {"tacit inspect office.tacit --vendor keys/vendor/vendor.pub",
                      "tacit run office.tacit input.npy --keys keys/office",
                      "tacit run office.tacit input.npy --keys keys/stranger",
                      "tacit trace leaked.onnx --keys keys/vendor"};
    report["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    write_file(folder.path() / kKeys / "README", kKeysNote);
    write_file(folder.path() / "report.json", report.dump(2) + "\n");
    write_file(folder.path() / "report.html", page_of(report, drawings));
    signals.check();  // from here on there is nothing that takes long
    deliver(folder.path(), out);
    if (!style.json) print_report(report, out);
    return report;
  } catch (const fs::filesystem_error& e) {
    throw IoError(fmt::format("the demo cannot write to '{}': {}", e.path1().string(), e.code().message()));
  }
}

}  // namespace tacit::app
