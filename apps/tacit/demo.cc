// The demo: two owners hold half of a set of handwritten digits each; three parties train a network that none
// of them can read; one owner receives it. Real processes, real TLS, on this machine; every command is one
// that a user would type, and is shown.
#include <fstream>
#include <nlohmann/json.hpp>

#include "begun_files.h"
#include "commands.h"
#include "drive.h"
#include "sample_data.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/clear.h"
#include "tacit/job/html.h"
#include "tacit/nn/graph/onnx_import.h"

namespace tacit::app {

namespace {

constexpr const char* kParties[] = {"alpha", "beta", "gamma"};
constexpr const char* kOwners[] = {"north", "south"};

/// The lines of the sample, dealt out alternately, under the header.
std::vector<std::string> split_rows(const std::string& csv, std::size_t owners) {
  std::vector<std::string> out(owners);
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < csv.size();) {
    const std::size_t end = csv.find('\n', begin);
    const std::string row = csv.substr(begin, end - begin) + "\n";
    if (line == 0)
      for (std::string& o : out) o += row;
    else
      out[(line - 1) % owners] += row;
    ++line;
    begin = end == std::string::npos ? csv.size() : end + 1;
  }
  return out;
}

std::string job_text(const std::map<std::string, std::string>& keys,
                     const std::vector<FileDescriptor>& listeners, bool quick) {
  std::string t =
      "# Written by 'tacit demo'. docs/job-file.md explains every key.\n"
      "[job]\nname = \"digits\"\nprotocol = \"aby3\"\nprofile = \"lan\"\nfraction_bits = 16\n";
  for (std::size_t i = 0; i < 3; ++i)
    t += fmt::format("\n[[party]]\nname = \"{}\"\naddress = \"127.0.0.1:{}\"\nkey = \"{}\"\n", kParties[i],
                     local_port(listeners[i]), keys.at(kParties[i]));
  for (const char* owner : kOwners)
    t += fmt::format("\n[[owner]]\nname = \"{}\"\nkey = \"{}\"\n", owner, keys.at(owner));
  t += "\n[data]                       # 8x8 pixels, 0 to 16, and the digit\n"
       "partition = \"rows\"\nshape = [1, 8, 8]\ntest_fraction = 0.2\nmetric = \"accuracy\"\n"
       "label = { name = \"digit\", type = \"category\", values = [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", "
       "\"6\", \"7\", \"8\", \"9\"] }\n";
  t += "column = [\n";
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x)
      t += fmt::format("  {{ name = \"p{}{}\", type = \"number\", range = [0, 16] }},\n", y, x);
  t += "]\n\n[model]\n"
       "[[model.layer]]\nkind = \"conv2d\"\nchannels = 16\nkernel = [3, 3]\npadding = [1, 1]\n"
       "[[model.layer]]\nkind = \"relu\"\n[[model.layer]]\nkind = \"max_pool\"\nkernel = [2, 2]\n"
       "[[model.layer]]\nkind = \"flatten\"\n[[model.layer]]\nkind = \"dense\"\nunits = "
       "64\n[[model.layer]]\nkind = \"relu\"\n"
       "[[model.layer]]\nkind = \"dense\"\nunits = 10\n";
  t += fmt::format(
      "\n[training]\nepochs = {}\nbatch = 64\nloss = \"softmax_cross_entropy\"\n"
      "[training.optimiser]\nname = \"sgd\"\nrate = 0.3\nschedule = \"cosine\"\n",
      quick ? 8 : 20);
  t += "\n# What may leave the computation, to whom, and why. There is nothing else.\n"
       "[[release]]\nwhat = \"loss\"\nto = [\"everyone\"]\npurpose = \"to see the training converge\"\ntimes "
       "= 40\n"
       "[[release]]\nwhat = \"metric\"\nto = [\"everyone\"]\npurpose = \"to know how good the model is\"\n"
       "[[release]]\nwhat = \"model\"\nto = [\"north\"]\npurpose = \"north uses the model; no compute party "
       "sees it\"\n";
  return t;
}

void print_result(const RunReport& r, const fs::path& out) {
  auto percent = [](const std::optional<double>& x) {
    return x ? fmt::format("{:.1f} %", 100 * *x) : std::string("not revealed");
  };
  std::printf("\naccuracy on %zu private test rows   %s   (the same training in the clear: %s)\n",
              r.test_rows, percent(r.private_metric).c_str(), percent(r.clear_metric).c_str());
  for (const PartyStats& p : r.parties)
    std::printf("%-8s sent %s in %llu rounds\n", p.name.c_str(),
                human_bytes(static_cast<double>(p.total.payload)).c_str(),
                static_cast<unsigned long long>(p.total.rounds));
  std::printf("\nwho learned what:\n");
  for (const Disclosure& d : r.disclosures) {
    std::string to;
    for (const auto& name : d.to) to += (to.empty() ? "" : ", ") + name;
    std::printf("  %-8s to %s: %s (%llu bits)\n", d.what.c_str(), to.c_str(), d.purpose.c_str(),
                static_cast<unsigned long long>(d.bits));
  }
  if (r.agreement)
    std::printf(
        "\nmodel.onnx against the fixed-point model, %zu rows: same class in %zu, scores within %.2g "
        "(declared bound %.2g; "
        "%zu rows closer than twice that)\n",
        r.agreement->examples, r.agreement->same_class, r.agreement->worst_difference,
        r.agreement->score_bound, r.agreement->close_calls);
  std::printf("\n%s   open it in a browser\n%s\n%s\n", (out / "report.html").c_str(),
              (out / "report.json").c_str(), (out / "model.onnx").c_str());
}

}  // namespace

nlohmann::json demo(const DemoOptions& options, const Style& style) {
  const fs::path out = options.out;
  say(style,
      "Two owners (north, south) hold half of 1,797 handwritten digits each. Three parties (alpha, beta, "
      "gamma)\n"
      "will train a network on all of them. No party ever holds a row, and none sees the model.\n");
  const EndingSignals signals;
  TemporaryFolder folder;
  BegunFiles begun(out);
  std::vector<FileDescriptor> listeners;
  std::map<std::string, std::string> keys;
  for (const char* party : kParties) {
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    keys[party];
  }
  for (const char* owner : kOwners) keys[owner];
  for (auto& [name, key] : keys) {
    const Identity identity = Identity::generate();
    identity.save(folder.path() / (name + ".key"));
    key = to_string(identity.public_key());
  }
  const fs::path job_file = begun.add("job.toml");
  write_file(job_file, job_text(keys, listeners, options.quick));
  const auto halves = split_rows(sample_digits(), 2);
  std::vector<DataFiles> files;
  for (std::size_t i = 0; i < 2; ++i) {
    files.push_back({.features = folder.path() / (std::string(kOwners[i]) + ".csv")});
    write_file(files.back().features, halves[i]);
  }
  const Job job = read_job(job_file);

  std::vector<ChildSpec> children;
  say(style, "Each line is a process of its own, as its operator would type it:");
  for (std::size_t i = 0; i < 5; ++i) {
    const bool is_party = i < 3;
    const std::string name = is_party ? kParties[i] : kOwners[i - 3];
    ChildSpec child{
        name,
        {"train", job_file.string(), is_party ? "--party" : "--owner", name, "--key",
         (folder.path() / (name + ".key")).string(), "--out", (folder.path() / (name + "-out")).string(),
         "--state", (folder.path() / (name + "-state")).string()},
        is_party ? listeners[i].get() : -1};
    if (!is_party) child.arguments.insert(child.arguments.end(), {"--data", files[i - 3].features.string()});
    say(style, fmt::format("  tacit train job.toml --{} {}{}", is_party ? "party" : "owner", name,
                           is_party ? "" : fmt::format(" --data {}.csv", name)));
    children.push_back(std::move(child));
  }
  say(style, "");
  RunReport report;
  {
    ProgressLine line(style);
    drive(
        children, job.patience,
        [&](const std::string& name, const Progress& p) {
          if (name == kParties[0]) line.show(p);
        },
        &signals);
    report = read_report(folder.path() / "alpha-out" / "report.json");
    const ClearRun clear =
        run_clear(job, files, report.loss.size(), [&](std::size_t done, std::size_t total) {
          signals.check();
          line.show({"the same in the clear, to compare", done, total, std::nullopt, 0});
        });
    report.clear_metric = clear.metric;
    report.clear_loss = clear.loss;
    report.clear_note = "the same training in double precision, by the demo itself: its data are public";
  }
  const fs::path received = folder.path() / "north-out" / "model.onnx";
  require(fs::exists(received), "north did not receive the model");
  fs::copy_file(received, begun.add("model.onnx"), fs::copy_options::overwrite_existing);
  const nn::Graph exported = nn::import_onnx(out / "model.onnx");
  std::vector<PublicTensor> parameters;
  for (nn::ValueId id : exported.parameters()) parameters.push_back(exported.values[id].initial);
  report.agreement = compare_model(job, files, exported, parameters);
  write_file(begun.add("report.json"), to_json(report).dump(2) + "\n");
  write_file(begun.add("report.html"), html_of(report));
  begun.done();
  if (!style.json) print_result(report, out);
  return to_json(report);
}

}  // namespace tacit::app
