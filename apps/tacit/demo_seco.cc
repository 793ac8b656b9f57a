// The second demo: a network that was trained on handwritten digits is split over a gateway and two remotes;
// a user asks about ten digits. Four real processes over TLS; every command is one that a user would type.
#include <fstream>
#include <nlohmann/json.hpp>

#include "begun_files.h"
#include "commands.h"
#include "drive.h"
#include "sample_data.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/write.h"
#include "tacit/job/html/parts.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/ring/codec.h"
#include "tacit/serve/deployment.h"
#include "tacit/split/seco/network.h"

namespace tacit::app {

namespace {

using nlohmann::json;

constexpr const char* kServers[] = {"gateway", "remote-b", "remote-c"};
constexpr std::size_t kQuestions = 10, kPixels = kDigitPixels;

json read_json(const fs::path& file) {
  std::ifstream in(file);
  if (!in.good()) throw IoError(fmt::format("'{}' cannot be read", file.string()));
  return json::parse(in);
}

std::size_t largest(const std::vector<double>& scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

struct Knowledge {
  const char* who;
  const char* learned;
};
constexpr Knowledge kLearned[] = {
    {"user", "the ten answers; of the model only the shapes of what goes in and comes out"},
    {"gateway", "the network's layers (not their weights) and when somebody asked"},
    {"remote-b", "the same, and a share of every weight, which alone is uniform numbers"},
    {"remote-c", "the same, and the other share"},
    {"gateway and one remote", "nothing beyond that: not the digits, not what happens between the layers"},
    {"both remotes",
     "all weights, since they add their shares; not the digits, nor anything between the layers"},
};

std::string html_of(const json& report) {
  std::vector<html::Row> answers, costs, learned;
  for (const json& a : report.at("answers"))
    answers.push_back(
        {{std::to_string(a.at("digit").get<int>()), std::to_string(a.at("answer").get<int>()),
          std::to_string(a.at("clear").get<int>()), html::short_number(1000 * a.at("seconds").get<double>())},
         ""});
  auto cost = [](const json& c) {
    return std::vector<std::string>{html::short_number(c.at("seconds").get<double>()),
                                    html::short_number(c.at("bytes_sent").get<double>() / 1e6),
                                    html::grouped(c.at("rounds").get<std::uint64_t>())};
  };
  for (const auto& [name, role] : report.at("servers").items())
    for (const char* phase : {"setup", "preparation", "online"}) {
      std::vector<std::string> cells{html::escaped(name + ", " + phase)};
      for (std::string& c : cost(role.at(phase))) cells.push_back(std::move(c));
      costs.push_back({std::move(cells), ""});
    }
  for (const Knowledge& k : kLearned) learned.push_back({{k.who, k.learned}, ""});
  const json& user = report.at("user");
  return html::page(
      "A model split over three servers", "report of private questions",
      fmt::format(
          "<p class=\"verdict\">All {} answers equal the model’s in the clear, bit for bit; the user took "
          "part for {} ms a question and sent {} bytes.</p>\n",
          kQuestions, html::short_number(1000 * user.at("participation_seconds").get<double>()),
          user.at("bytes_sent").get<std::uint64_t>()) +
          html::section("answers", "Answers",
                        html::table("Ten digits that the model had not seen",
                                    {{"digit", true}, {"answer", true}, {"in the clear", true}, {"ms", true}},
                                    answers)) +
          html::section(
              "costs", "Costs",
              html::table("Of ten questions; preparation is done before anybody asks",
                          {{"server and phase"}, {"seconds", true}, {"MB sent", true}, {"rounds", true}},
                          costs)) +
          html::section("learned", "Who learned what", html::table("", {{"who"}, {"what"}}, learned)));
}

void print(const json& report, const fs::path& out) {
  std::printf("\ndigit  answer  in the clear\n");
  for (const json& a : report.at("answers"))
    std::printf("%5d  %6d  %12d\n", a.at("digit").get<int>(), a.at("answer").get<int>(),
                a.at("clear").get<int>());
  std::printf("every score equals the model's in the clear, bit for bit\n\n");
  for (const auto& [name, role] : report.at("servers").items())
    for (const char* phase : {"setup", "preparation", "online"})
      std::printf("%-9s %-12s %7.3f s  sent %s\n", name.c_str(), phase,
                  role.at(phase).at("seconds").get<double>(),
                  human_bytes(role.at(phase).at("bytes_sent").get<double>()).c_str());
  const json& user = report.at("user");
  std::printf("user      a question   %7.3f s, of which it took part for %.2f ms; sent %s\n",
              user.at("seconds").get<double>(), 1000 * user.at("participation_seconds").get<double>(),
              human_bytes(user.at("bytes_sent").get<double>()).c_str());
  std::printf("\nwho learned what:\n");
  for (const Knowledge& k : kLearned) std::printf("  %-22s  %s\n", k.who, k.learned);
  std::printf("\n%s   open it in a browser\n%s\n", (out / "report.html").c_str(),
              (out / "report.json").c_str());
}

}  // namespace

json demo_seco(const DemoOptions& options, const Style& style) {
  const fs::path out = options.out;
  say(style,
      "A provider has a network that reads handwritten digits. It splits it over a gateway and two remotes "
      "that "
      "it does\nnot trust. A user asks about ten digits; no server sees them, nor the answers.\n");
  const EndingSignals signals;
  TemporaryFolder folder;
  BegunFiles begun(out);
  const fs::path parts = folder.path() / "parts", model_file = begun.add("model.onnx"),
                 input = begun.add("input.npy");
  fs::create_directories(parts);
  write_file(model_file, sample_model());
  const Digits digits = last_digits(kQuestions);  // which 'tacit demo' had kept from training
  write_npy(input, {kQuestions, 1, 8, 8}, digits.pixels);
  for (const char* name : kServers) Identity::generate().save(parts / (std::string(name) + ".key"));
  Identity::generate().save(parts / "user.key");
  const Style silent{.json = true, .quiet = true};
  split({.model = model_file, .out = parts}, silent);
  const fs::path file = parts / "deployment.toml";
  Deployment deployment = read_deployment(file);
  for (const seco::ActivationBy by : seco::all_activations())
    if (seco::to_string(by) == options.activations) deployment.activations = by;
  std::vector<FileDescriptor> listeners;
  for (Endpoint& e : deployment.servers) {
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    e.address = {"127.0.0.1", local_port(listeners.back())};
  }
  write_file(file, draft_of(deployment));

  say(style, "Each line is a command, as its operator would type it:");
  say(style, "  tacit split model.onnx --remotes 2 -o parts");
  std::vector<ChildSpec> children;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = kServers[i];
    children.push_back({name,
                        {"serve", file.string(), "--party", name, "--queries", std::to_string(kQuestions),
                         "--report", (folder.path() / (name + ".json")).string()},
                        listeners[i].get()});
    say(style, fmt::format("  tacit serve parts/deployment.toml --party {}", name));
  }
  const fs::path told = folder.path() / "user.json";
  children.push_back(
      {"user", {"query", "--deployment", file.string(), input.string(), "--report", told.string()}, -1});
  say(style, "  tacit query --deployment parts/deployment.toml input.npy\n");
  {
    ProgressLine line(style);
    drive(
        children, deployment.patience,
        [&](const std::string& name, const Progress& p) {
          if (name == kServers[0]) line.show(p);
        },
        &signals);
  }

  // The demo's own: it has the model and the digits.
  const seco::Numbers numbers = deployment.face().numbers;
  const seco::Model model =
      seco::split_model(nn::import_onnx(model_file, {.fold_batch_norm = true}), numbers);
  Workers workers(0);
  const Compute compute{ring_kernels(detect_isa()), workers};
  json report{{"activations", options.activations}, {"answers", json::array()}, {"servers", json::object()}};
  const json asked = read_json(told);
  double seconds = 0, participation = 0;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    const json& a = asked.at("answers").at(i);
    const auto scores = a.at("values").get<std::vector<double>>();
    std::vector<Word> x;
    for (std::size_t k = 0; k < kPixels; ++k)
      x.push_back(encode_fixed(digits.pixels[i * kPixels + k], numbers.fraction) & numbers.mask());
    std::vector<double> clear;
    for (const Word w : seco::clear_answer(compute, model, x))
      clear.push_back(decode_fixed(static_cast<Word>(numbers.signed_of(w)), numbers.fraction));
    if (clear != scores)
      throw std::runtime_error(fmt::format("answer {} differs from the model's in the clear", i));
    seconds += a.at("seconds").get<double>() / kQuestions;
    participation += a.at("participation_seconds").get<double>() / kQuestions;
    report["answers"].push_back({{"digit", digits.digits[i]},
                                 {"answer", largest(scores)},
                                 {"clear", largest(clear)},
                                 {"seconds", a.at("seconds")}});
  }
  for (const char* name : kServers)
    report["servers"][name] = read_json(folder.path() / (std::string(name) + ".json"));
  report["user"] = {{"seconds", seconds},
                    {"participation_seconds", participation},
                    {"bytes_sent", asked.at("answers").at(0).at("bytes_sent")},
                    {"bytes_received", asked.at("answers").at(0).at("bytes_received")}};
  for (const Knowledge& k : kLearned) report["learned"].push_back({{"who", k.who}, {"what", k.learned}});
  write_file(begun.add("report.json"), report.dump(2) + "\n");
  write_file(begun.add("report.html"), html_of(report));
  begun.done();
  if (!style.json) print(report, out);
  return report;
}

}  // namespace tacit::app
