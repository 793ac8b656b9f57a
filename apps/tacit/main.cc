// The command line: options, help, and how the program ends.
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "common/exit_code.h"
#include "process.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/version.h"

namespace {

using namespace tacit;
using namespace tacit::app;

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  setenv("TSS2_LOG", "all+none", 1);  // the TPM's library writes of its own accord, and has no other switch
  std::signal(SIGXFSZ, SIG_IGN);      // a file that may not grow is an error of writing, like a full disk
  // Keys and an owner's plain data are in memory: no core dumps, no attaching by other programs of the same
  // user.
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  // Large tensors come and go with every batch: keep their memory instead of giving it back and clearing it
  // again.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 16 << 20);
  mallopt(M_ARENA_MAX, 1);
}

void add_place(CLI::App* c, PlaceOptions& o) {
  c->add_option("job", o.job, "The job file")->required();
  c->add_option("--key", o.key,
                "This party's or owner's private key (default: NAME.key beside the job file)");
  c->add_option("--out", o.out, "Folder for results (default: NAME-out beside the job file)");
  c->add_option("--state", o.state,
                "Folder for this party's shares (default: NAME-state beside the job file)");
  c->add_option("--threads", o.threads,
                "Threads for local work (default: all processors, shared with parties on this machine)");
  c->add_option("--listen-fd", o.listen_fd)->group("");
  c->add_option("--progress-fd", o.progress_fd)->group("");
  c->add_option("--overrides", o.overrides)->group("");
}

void add_metrics(CLI::App* c, PlaceOptions& o) {
  c->add_option(
       "--metrics", o.metrics,
       "Tell Prometheus of this party's traffic, batches and memory on http://127.0.0.1:PORT/metrics; 0 "
       "for any free port (default: nowhere; docs/metrics.md)")
      ->check(CLI::Range(0, 65535));
}

int run(int argc, char** argv) {
  CLI::App cli{
      "tacit: private machine learning. Several owners' data train one model, and nobody sees the data or "
      "the model.\n"
      "Start with:  tacit demo\n"
      "Your own:    tacit new job --from my.csv,  tacit keys new NAME,  tacit train job.toml --party NAME"};
  cli.name("tacit");
  cli.set_version_flag("--version", std::string("tacit ") + kVersion + " (" + kCommit + ")");
  cli.require_subcommand(1);
  cli.fallthrough();
  cli.footer(
      "Exit codes: 0 done, 2 your mistake, 3 disk or network, 4 a peer misbehaved or left, 5 cheating "
      "detected.\n"
      "'tacit COMMAND --help' tells more of each command; docs/ holds the guides.");
  Style style;
  cli.add_flag("--json", style.json, "Print the result as JSON on standard output");
  cli.add_flag("--quiet", style.quiet, "Show no progress");
  nlohmann::json result;

  DemoOptions demo_options;
  auto* demo_command = cli.add_subcommand(
      "demo",
      "Three parties train a network on two owners' data, here and now, over TLS; 'demo seco': a split model "
      "answers private questions; 'demo sealed': a model is sealed to two customers, runs there and nowhere "
      "else, leaks, and is traced");
  demo_command->add_option("--out", demo_options.out,
                           "Folder for report.html, report.json and the models (default: demo-out)");
  demo_command->add_flag("--quick", demo_options.quick, "Fewer epochs: under a minute");
  std::string which_demo = "train";
  demo_command->add_option("which", which_demo, "train (default), seco, or sealed")
      ->check(CLI::IsMember({"train", "seco", "sealed"}));
  demo_command
      ->add_option("--activations", demo_options.activations,
                   "seco: how servers compute them, gmw (default) or garbled")
      ->check(CLI::IsMember({"gmw", "garbled"}));
  demo_command->callback([&] {
    const auto run_demo = which_demo == "seco" ? demo_seco : which_demo == "sealed" ? demo_sealed : demo;
    result = run_demo(demo_options, style);
  });

  auto* test_command = cli.add_subcommand(
      "test",
      "Run every test of this source tree (use the script: ./tacit test; --full adds sanitizers, fuzzers "
      "and the fault matrix)");
  test_command->callback(
      [&] { throw UsageError("tests are built from the source tree: run './tacit test' in its folder"); });

  auto* keys_command = cli.add_subcommand("keys", "Make and show identities: Ed25519 keys that never expire");
  keys_command->require_subcommand(1);
  KeysOptions keys_options;
  auto* keys_new = keys_command->add_subcommand(
      "new", "Make a private key file NAME.key and print the public key for the job file");
  keys_new->add_option("names", keys_options.names, "Names of parties or owners")->required();
  keys_new->add_option("--dir", keys_options.folder, "Folder for the key files (default: here)");
  keys_new->callback([&] { result = keys(keys_options, style); });
  std::vector<fs::path> key_files;
  auto* keys_show = keys_command->add_subcommand("show", "Print the public key of a private key file");
  keys_show->add_option("files", key_files, "Key files")->required();
  keys_show->callback([&] { result = show_keys(key_files, style); });

  NewJobOptions new_options;
  auto* new_command = cli.add_subcommand("new", "Draft files for a job of your own");
  new_command->require_subcommand(1);
  auto* new_job_command =
      new_command->add_subcommand("job", "Draft a job file from a CSV, and show what it would publish");
  new_job_command->add_option("--from", new_options.from, "A CSV like the owners'")->required();
  new_job_command->add_option("--out", new_options.out,
                              "Where to write it (default: job.toml); never overwritten");
  new_job_command->add_option("--label", new_options.label, "The column to predict (default: guessed)");
  new_job_command->callback([&] { result = new_job(new_options, style); });

  PlaceOptions share_options;
  auto* share_command = cli.add_subcommand(
      "share", "An owner splits its file into secret shares and sends them to the parties");
  add_place(share_command, share_options);
  share_command->add_option("--owner", share_options.owner, "Which owner of the job this is")->required();
  share_command->add_option("--data", share_options.data, "The file: CSV, NPY, NPZ or IDX, plain or gzip")
      ->required();
  share_command->add_option("--labels", share_options.labels, "For arrays: the file of labels");
  share_command->callback([&] { result = share(share_options, style); });

  PlaceOptions party_options;
  auto* party_command = cli.add_subcommand(
      "party", "Run one compute party: train if there is no model yet, then answer predictions");
  add_place(party_command, party_options);
  add_metrics(party_command, party_options);
  party_command->add_option("--party", party_options.party, "Which party of the job this is")->required();
  party_command->add_flag(
      "--resume", party_options.resume,
      "If the training was broken off, go on from the last checkpoint that all parties have");
  const char* keep_data =
      "Leave the owners' data, sealed, on this party's disk when the training ends, for 'tacit data' "
      "(default: they are deleted)";
  party_command->add_flag("--keep-data", party_options.keep_data, keep_data);
  party_command->callback([&] { result = party(party_options, style); });

  TrainOptions train_options;
  auto* train_command =
      cli.add_subcommand("train", "Train: as one party, as an owner, or all of them on this machine");
  add_place(train_command, train_options);
  add_metrics(train_command, train_options);
  train_command->add_option("--party", train_options.party, "Run this compute party");
  train_command->add_option("--owner", train_options.owner,
                            "Run this owner: bring --data, stay, and collect what the policy gives it");
  train_command->add_flag("--simulate", train_options.simulate,
                          "Run all as threads of this process (stamped as a simulation)");
  train_command->add_flag("--local", train_options.local,
                          "Run all as processes of this machine, with keys made for it");
  train_command->add_option("--data", train_options.data,
                            "The owner's file; with --simulate or --local: OWNER=FILE for each");
  train_command->add_option("--labels", train_options.labels,
                            "For arrays: the file of labels (OWNER=FILE for each, if several)");
  train_command->add_flag("--clear", train_options.clear,
                          "With --simulate or --local: also train in the clear, to compare");
  train_command->add_flag(
      "--compare", train_options.compare,
      "With --simulate, on data that everybody may see: hold every batch against double "
      "precision, and tell the first layer that differs and why (docs/numbers-that-are-wrong.md)");
  train_command->add_option(
      "--link", train_options.link,
      "Slow the links down, for example 40ms,100mbit; the same for all parties and owners");
  train_command->add_flag("--resume", train_options.resume,
                          "Go on from the last checkpoint that all parties have, after a break; all parties "
                          "take it, and owners need not bring their data again (docs/resume.md)");
  train_command->add_flag(
      "--plan", train_options.plan,
      "With --simulate or --local: first estimate how long it takes, to stand beside what "
      "it took in the report (docs/plan.md)");
  train_command->add_flag("--keep-data", train_options.keep_data, keep_data);
  train_command->add_flag("--ranges", train_options.ranges,
                          "Train nothing: how large numbers can become in each layer, by the job file alone");
  train_command->callback([&] { result = train(train_options, style); });

  TrainOptions predict_options;
  auto* predict_command =
      cli.add_subcommand("predict", "Ask a trained model about private examples, or answer as a party");
  add_place(predict_command, predict_options);
  predict_command->add_option("--party", predict_options.party,
                              "Answer one owner's questions as this compute party");
  predict_command->add_option("--owner", predict_options.owner, "Ask as this owner");
  predict_command->add_option("--data", predict_options.data, "The examples to ask about");
  predict_command->add_flag("--local", predict_options.local,
                            "Run all as processes of this machine, after 'train --local'");
  predict_command->callback([&] { result = predict(predict_options, style); });

  DoctorOptions doctor_options;
  int code = 0;
  auto* doctor_command = cli.add_subcommand(
      "doctor",
      "Look at everything that must be in order before a job runs: names, ports, keys, clocks, versions, "
      "processors, memory, disk, and latency and bandwidth between all pairs; and say how to mend what is "
      "not");
  add_place(doctor_command, doctor_options);
  doctor_command->add_option("--party", doctor_options.party,
                             "Which party's machine this is; every operator runs it at about the same time");
  doctor_command->add_flag("--local", doctor_options.local, "Run the doctors of all parties on this machine");
  doctor_command
      ->add_option("--wait", doctor_options.wait,
                   "Seconds to wait for the other parties' doctors (default: start_patience of the job)")
      ->check(CLI::Range(1.0, 1e6));
  doctor_command->add_option("--findings", doctor_options.findings)->group("");
  doctor_command->callback([&] {
    result = examine(doctor_options, style);
    code = result.at("exit_code").get<int>();
  });

  fs::path model_file;
  auto* check_command =
      cli.add_subcommand("check",
                         "Look whether tacit can take an ONNX model, before anything runs: a table of its "
                         "operators, what each costs, "
                         "and what to use instead of those that it does not have, at which price");
  check_command->add_option("model", model_file, "An ONNX file")->required();
  check_command->callback([&] {
    result = check_model(model_file, style);
    code = result.at("exit_code").get<int>();
  });

  DataOptions data_options;
  auto* data_command = cli.add_subcommand(
      "data", "A party's operator lists, verifies and deletes the data that it holds for owners");
  data_command->require_subcommand(1);
  const auto add_data = [&](const char* name, const char* what, auto action) {
    auto* c = data_command->add_subcommand(name, what);
    c->add_option("job", data_options.job, "The job file")->required();
    c->add_option("--party", data_options.party, "Which party of the job this is")->required();
    c->add_option("--state", data_options.state,
                  "Folder of this party's shares (default: NAME-state beside the job file)");
    c->add_option("--key", data_options.key,
                  "This party's private key (default: NAME.key beside the job file)");
    c->add_flag("--local", data_options.local, "Of 'train --local': key and state lie in its folder");
    c->callback(action);
    return c;
  };
  const auto add_choice = [&](CLI::App* c) {
    c->add_option("ids", data_options.ids, "Uploads, by the first digits of their ids");
    c->add_option("--owner", data_options.owner, "All uploads of this owner");
  };
  add_data("list", "What data are here: whose, how many rows, of which job, since when", [&] {
    result = data_list(data_options, style);
  })->add_flag("--all", data_options.all, "Also those that are deleted");
  add_choice(add_data("verify",
                      "Read all of it: whether it is whole, this party's, and what its owner signed "
                      "(default: everything)",
                      [&] {
                        result = data_verify(data_options, style);
                        code = result.at("exit_code").get<int>();
                      }));
  auto* data_delete_command = add_data("delete", "Destroy the keys of uploads, and then their shares",
                                       [&] { result = data_delete(data_options, style); });
  add_choice(data_delete_command);
  data_delete_command->add_flag("--all", data_options.all, "Everything");

  SplitOptions split_options;
  auto* split_command = cli.add_subcommand(
      "split", "Cut a model into one part a server, so that no server has the layers behind the gateway");
  split_command->add_option("model", split_options.model, "An ONNX file")->required();
  split_command->add_option("--gateway-layers", split_options.gateway_layers,
                            "Layers with weights that the gateway keeps for itself (default: none)");
  split_command
      ->add_option("--remotes", split_options.remotes,
                   "Servers beside the gateway (default: 2); 0: the user is the other of "
                   "two parties, and the gateway has all layers")
      ->check(CLI::Range(0, 5));
  split_command->add_flag("--gateway-share", split_options.gateway_share,
                          "Give the gateway a share of the other layers, too: then not even all remotes "
                          "together have them");
  split_command->add_option("--bits", split_options.bits, "Of a number (default: 32)");
  split_command->add_option("--fraction", split_options.fraction, "Of them, behind the point (default: 10)");
  split_command->add_option("--top", split_options.top,
                            "Tell users the places of so many largest scores, and not the scores (changed "
                            "later by 'top' in the deployment file)");
  split_command->add_option("-o,--out", split_options.out, "Folder for the parts (default: parts)");
  split_command->callback([&] { result = split(split_options, style); });

  PlanOptions plan_options;
  auto* plan_command = cli.add_subcommand(
      "plan",
      "What something will cost, before any data move.\n"
      "Of a job: what training it sends, and in how many rounds, by party, phase and layer; about how long "
      "it "
      "takes, and how much memory and disk; what will not fit, and what would be cheaper.\n"
      "Of a model that is to be split: what each cut costs whom, and which one to take.\n"
      "For example:  tacit plan job.toml --rows 60000 --link 40ms,100mbit\n"
      "              tacit plan model.onnx --remotes 2 --link 40ms,100mbit");
  plan_command->add_option("file", plan_options.file, "A job (.toml), or a model to split (.onnx)")
      ->required();
  plan_command->add_option(
      "--link", plan_options.link,
      "Between all: round trip and rate, for example 40ms,100mbit ('tacit doctor' measures it; default: "
      "local, all on this machine, no latency)");
  plan_command->add_option(
      "--cores", plan_options.cores,
      "Processors that all parties or servers share (default: those of this machine on a local link, "
      "else each has its own machine like this one)");
  constexpr const char* kOfJobs = "Of a job (.toml)";
  const std::vector<CLI::Option*> of_jobs{
      plan_command->add_option("--rows", plan_options.rows,
                               "Rows that each owner of data brings: one number for all, or one each, in the "
                               "job's order: 1000,500"),
      plan_command->add_option("--data", plan_options.data,
                               "Instead of --rows, OWNER=FILE for each: rows are counted, and nothing leaves "
                               "this machine"),
      plan_command->add_option("--labels", plan_options.labels, "For arrays: the file of labels, OWNER=FILE"),
      plan_command
          ->add_option("--memory", plan_options.memory,
                       "Gigabytes of memory free on a machine (default: on this one)")
          ->check(CLI::Range(0.001, 1e6)),
      plan_command
          ->add_option("--disk", plan_options.disk,
                       "Gigabytes of disk free on a machine (default: on this one, beside the job)")
          ->check(CLI::Range(0.001, 1e9))};
  for (CLI::Option* o : of_jobs) o->group(kOfJobs);
  constexpr const char* kOfModels = "Of a model that is to be split (.onnx)";
  const std::vector<CLI::Option*> of_models{
      plan_command
          ->add_option("--remotes", plan_options.remotes,
                       "Servers beside the gateway (default: 2); 0: the user is the other of two parties")
          ->check(CLI::Range(0, 5)),
      plan_command->add_flag("--gateway-share", plan_options.gateway_share,
                             "As for 'split': a share of the other layers for the gateway, too"),
      plan_command->add_option("--bits", plan_options.bits, "Of a number (default: 32)"),
      plan_command->add_option("--fraction", plan_options.fraction,
                               "Of them, behind the point (default: 10)"),
      plan_command->add_option(
          "--transfers", plan_options.transfers,
          "Whence oblivious transfers come, as in the deployment file (default: softspoken4)")};
  for (CLI::Option* o : of_models) o->group(kOfModels);
  plan_command->callback([&] {
    for (const CLI::Option* o : of_jobs)
      if (o->count() > 0) plan_options.of_jobs.push_back(o->get_name());
    for (const CLI::Option* o : of_models)
      if (o->count() > 0) plan_options.of_models.push_back(o->get_name());
    result = plan(plan_options, style);
  });

  auto add_deployed = [](CLI::App* c, DeployedOptions& o) {
    c->add_option("--key", o.key, "The private key (default: NAME.key beside the deployment file)");
    c->add_option("--part", o.part,
                  "Its part of the model (default: NAME.part beside the deployment file). A user has one, "
                  "user.part, only where it is one of two parties");
    c->add_option("--threads", o.threads, "Threads for local work");
    c->add_option("--listen-fd", o.listen_fd)->group("");
    c->add_option("--progress-fd", o.progress_fd)->group("");
  };
  ServeOptions serve_options;
  auto* serve_command = cli.add_subcommand("serve",
                                           "Run one server of a split model: answer private queries; or a "
                                           "vendor's server of a segment (level 3 of sealed "
                                           "models); or hand out a vendor's leases");
  serve_command->add_option(
      "deployment", serve_options.deployment,
      "deployment.toml, or the folder of a segment, as 'tacit seal --protect' makes it");
  serve_command->add_option("--party", serve_options.party, "Which server this is");
  LeaseOptions leases;
  serve_command->add_option(
      "--leases", leases.keys,
      "Instead of a split model: hand out leases of sealed models, as the vendor of this "
      "key folder (docs/leases.md)");
  serve_command->add_option("--listen", leases.at,
                            "Where, host:port: of --leases; of a segment, if not where its devices ask");
  serve_command->add_option("--state", serve_options.state,
                            "Folder for the numbers of used queries (default: NAME-state beside it)");
  serve_command->add_option("--queries", serve_options.queries, "End after so many answers (default: never)");
  serve_command->add_option("--report", serve_options.report, "At the end, write costs as JSON to this file");
  serve_command
      ->add_option(
          "--at-once", serve_options.at_once,
          "Of a segment: devices that are answered at a time (default: 8); the next waits until one is "
          "done, and one that lets the server wait for a minute then gives its place up")
      ->check(CLI::Range(1, 250));
  add_deployed(serve_command, serve_options);
  serve_command->callback([&] {
    if (!leases.keys.empty()) {
      require(serve_options.deployment.empty() && !leases.at.empty(),
              "--leases serves no deployment, and needs --listen HOST:PORT");
      result = serve_leases(leases, style);
      return;
    }
    std::error_code ignored;
    if (fs::is_directory(serve_options.deployment, ignored)) {
      require(serve_options.party.empty(),
              "'{}' is the folder of a segment, which has one server: leave --party out",
              serve_options.deployment.string());
      result = serve_segment(serve_options, leases.at, style);
      return;
    }
    require(!serve_options.deployment.empty() && !serve_options.party.empty(),
            "'tacit serve' needs a deployment.toml and --party NAME, a segment's folder, or --leases with a "
            "vendor's key "
            "folder");
    require(leases.at.empty(), "--listen belongs to --leases and to a segment's folder");
    require(serve_options.at_once == 0, "--at-once belongs to a segment's folder");
    result = serve(serve_options, style);
  });

  QueryOptions query_options;
  auto* query_command =
      cli.add_subcommand("query", "Ask a split model: nobody but you sees the question or the answer");
  query_command->add_option("--deployment", query_options.deployment, "deployment.toml")->required();
  query_command->add_option("input", query_options.input, "An NPY file of one example or several")
      ->required();
  query_command->add_option("--user", query_options.user, "Who asks (default: the deployment's first user)");
  query_command->add_option("--out", query_options.out, "Write the answers to this NPY file");
  query_command->add_option("--report", query_options.report, "Write answers and costs as JSON to this file");
  add_deployed(query_command, query_options);
  query_command->callback([&] { result = query(query_options, style); });

  SealedCommands sealed_commands;
  sealed_commands.add(cli, style, result);

  BenchOptions bench_options;
  auto* bench_command = cli.add_subcommand(
      "bench", "Measure: a table with seconds, bytes and rounds, to compare with earlier runs");
  bench_command->add_option("name", bench_options.name, "What to measure, or a group of it");
  bench_command->add_flag("--list", bench_options.list, "List what there is");
  bench_command->add_option("--json-file,--json", bench_options.json_file, "Write the results to this file");
  bench_command->add_option("--compare", bench_options.compare, "Compare with an earlier JSON file");
  bench_command->add_option("--link", bench_options.link, "Slow the links down, for example 40ms,100mbit");
  bench_command->add_option("--data", bench_options.data, "Folder with the full data sets");
  bench_command
      ->add_option("--batches", bench_options.batches,
                   "Of soak and checkpoint: how many to train (default: 2000, and enough for a median)")
      ->check(CLI::Range(1, 1000000));
  bench_command->callback([&] { result = bench(bench_options, style); });

  std::vector<fs::path> report_files;
  fs::path report_html;
  auto* report_command = cli.add_subcommand(
      "report", "Show a report.json in words, or draw it again as HTML; of two, show what differs");
  report_command->add_option("files", report_files, "report.json, one or two to compare")->required();
  report_command->add_option("--html", report_html,
                             "Write it as HTML to this file (of two: default report-compare.html)");
  report_command->callback([&] { result = report(report_files, report_html, style); });

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const bool fine = e.get_exit_code() == 0;  // --help and --version
    cli.exit(e);
    return fine ? 0 : 2;
  }
  if (style.json) std::printf("%s\n", result.dump(2).c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_process();
  try {
    return exit_code_of("tacit",
                        "this machine has not enough memory for it: take smaller batches, a smaller model, "
                        "or another machine",
                        [&] { return run(argc, argv); });
  } catch (const Interrupted& by) {
    std::fprintf(stderr, "tacit: stopped, and what it had begun is removed\n");
    by.end();
  }
}
