// Level 3 of sealed models: a segment is cut off and stays with its vendor, whose server answers for it.
#include "segment.h"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "fingerprint.h"
#include "place.h"
#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/write.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/graph/ranges.h"
#include "tacit/sealed/segment.h"
#include "tacit/serve/segment_model.h"
#include "tacit/serve/segment_service.h"

namespace tacit::app {

namespace {

using nlohmann::json;

nn::Graph graph_to_split(const fs::path& model) {
  PlainFile text(model);
  nn::ImportOptions options;
  options.fold_batch_norm = true;
  return nn::import_onnx(text, text.size(), model.filename().string(), options);
}

/// "LOW,HIGH"
InputRange parse_input_range(const std::string& text) {
  const std::size_t comma = text.find(',');
  try {
    if (comma != std::string::npos) {
      std::size_t first = 0, second = 0;
      const InputRange out{std::stod(text.substr(0, comma), &first),
                           std::stod(text.substr(comma + 1), &second)};
      if (first == comma && second == text.size() - comma - 1 && out.low < out.high) return out;
    }
  } catch (const std::logic_error&) {}  // no number, or one that is too large
  throw UsageError(
      fmt::format("--input-range takes the least and the largest number of the model's inputs, as -1,1, "
                  "and not '{}'",
                  one_line(text)));
}

/// Of the numbers that reach the segment, for inputs of the model in the range that was declared.
std::optional<InputRange> range_at_segment(const SealOptions& o, const sealed::CutModel& cut) {
  if (o.input_range.empty()) return std::nullopt;
  const InputRange inputs = parse_input_range(o.input_range);
  if (!cut.before) return inputs;
  const auto lines = nn::range_analysis(*cut.before, inputs.low, inputs.high, 1, o.fraction);
  for (std::size_t n = 0; n < lines.size(); ++n)
    if (cut.before->nodes[n].output == cut.before->outputs[0]) {
      // A unit of the last digit more, for what rounding adds.
      const double unit = 1.0 / static_cast<double>(1u << o.fraction);
      return InputRange{lines[n].low - unit, lines[n].high + unit};
    }
  throw UsageError("the range of what reaches the protected segment cannot be told: leave --input-range out");
}

std::string words_of_nodes(const nn::Graph& graph, const sealed::NodeRange& range) {
  std::string ops;
  for (std::size_t n = range.first; n <= range.last; ++n)
    ops += fmt::format("{}{}", ops.empty() ? "" : ", ", graph.nodes[n].op->name);
  return fmt::format("{} to {} of {} ({})", range.first + 1, range.last + 1, graph.nodes.size(), ops);
}

double in_units(std::int64_t v, unsigned fraction) {
  return static_cast<double>(v) / static_cast<double>(std::int64_t{1} << fraction);
}

std::int64_t microseconds_now() {
  using std::chrono::floor, std::chrono::microseconds, std::chrono::system_clock;
  return floor<microseconds>(system_clock::now()).time_since_epoch().count();
}

}  // namespace

SplitModel split_off(const SealOptions& o, const std::vector<KemPublicKey>& devices, const fs::path& file,
                     const Style& style) {
  const nn::Graph graph = graph_to_split(o.model);
  sealed::NodeRange range;
  sealed::CutModel cut;
  SegmentRequest request{o.name.empty() ? o.model.stem().string() : o.name,
                         to_string(parse_address(o.vendor_address)),
                         o.queries,
                         o.fraction,
                         {}};
  std::optional<NewSegment> made;
  try {
    range = sealed::parse_range(graph, o.protect);
    cut = sealed::cut_segment(graph, range);
    request.inputs = range_at_segment(o, cut);
    made.emplace(make_segment(cut.segment, request, devices));
  } catch (const UsageError&) {
    if (!style.json && !style.quiet) std::printf("%s", sealed::table_of_nodes(graph).c_str());
    throw;
  }
  SplitModel out{
      made->vendors.terms,
      sealed::to_text({made->access, std::move(cut.before), std::move(cut.after), made->devices_part}),
      o.segment.empty() ? fs::path(file.string() + ".segment") : o.segment, words_of_nodes(graph, range)};
  write_segment(made->vendors, out.folder);
  return out;
}

void tell_segment(const SplitModel& split) {
  const sealed::SplitTerms& t = split.terms;
  std::printf(
      "\nNodes %s stay with you, in %s: nothing of their weights is in the file. Serve them with\n"
      "    tacit serve %s\n"
      "on %s, and keep that folder as you keep the model. A device may ask %u times an hour; it computes "
      "these\n"
      "nodes with numbers of %u bits, %u of them behind the point, from %.6g to %.6g, and refuses others.\n",
      split.protected_nodes.c_str(), split.folder.c_str(), split.folder.c_str(), t.from.c_str(), t.queries,
      t.bits, t.fraction, in_units(t.low, t.fraction), in_units(t.high, t.fraction));
}

void tell_segment(const sealed::SplitTerms& t) {
  std::printf(
      "  segment    at its vendor, %s: %s in, %s out, %u bits with %u behind the point, from %.6g to %.6g;\n"
      "             %u questions an hour and device\n",
      t.from.c_str(), to_string(t.input).c_str(), to_string(t.output).c_str(), t.bits, t.fraction,
      in_units(t.low, t.fraction), in_units(t.high, t.fraction), t.queries);
}

json to_json(const sealed::SplitTerms& t) {
  return {{"at", t.from},
          {"id", to_hex(t.segment)},
          {"server_key", to_string(t.server)},
          {"queries_an_hour", t.queries},
          {"bits", t.bits},
          {"fraction", t.fraction},
          {"low", in_units(t.low, t.fraction)},
          {"high", in_units(t.high, t.fraction)},
          {"input", t.input},
          {"output", t.output}};
}

SplitAnswer run_split(sealed::OpenedModel model, sealed::DeviceKeys device, const SealedOptions& o) {
  SegmentModel whole(std::move(model), std::move(device), o.server, threads_for(o.threads, 1));
  return {whole.run(examples_of(o.input, whole.example())), whole.header()};
}

json serve_segment(const ServeOptions& o, const std::string& listen, const Style& style) {
  const Segment segment = read_segment(o.deployment);
  SegmentDevices devices(o.deployment, segment);
  ProgressSink sink(o.progress_fd, style);
  ServiceOptions options;
  options.threads = threads_for(o.threads, 1);
  options.queries = o.queries;
  options.at_once = o.at_once > 0 ? o.at_once : kSegmentPlaces;
  options.give_way = kSegmentGiveWay;
  options.progress = [&](const Progress& p) { sink(p); };
  TlsSettings settings;
  settings.roster = segment_server_deployment(segment).roster();
  if (!listen.empty()) settings.roster[0].address = parse_address(listen);
  settings.parties = 1;
  settings.self = party_id(0);
  settings.patience = segment_server_deployment(segment).patience;
  if (o.listen_fd >= 0) settings.listener = FileDescriptor(o.listen_fd);
  settings.stranger = [&](const std::string& claim, const std::optional<PublicKey>&) {
    std::fprintf(stderr, "turned away: somebody who says to be '%s', and may not ask\n",
                 one_line(claim).c_str());
  };
  settings.newcomer = late_devices(devices, [&](const std::string& what) {
    if (!style.quiet) std::fprintf(stderr, "%s\n", what.c_str());
  });
  const std::string at = to_string(settings.roster[0].address);
  const auto tls = TlsTransport::connect(std::move(settings), segment.server);
  std::set<Digest> ids;  // a device may have several keys
  for (const SegmentDevice& d : segment.devices) ids.insert(d.id);
  if (!style.quiet)
    std::fprintf(stderr, "serving the segment of '%s' to %zu devices on %s, up to %zu at a time\n",
                 one_line(segment.part.model).c_str(), ids.size(), at.c_str(), options.at_once);
  json out;
  try {
    out = to_json(run_segment_service(segment, devices, *tls, options, microseconds_now));
    tls->goodbye("");
  } catch (const std::exception& e) {
    tls->goodbye(e.what());
    throw;
  }
  if (!o.report.empty()) write_file(o.report, out.dump(2) + "\n");
  return out;
}

}  // namespace tacit::app
