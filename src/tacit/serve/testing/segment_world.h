// For tests: a vendor's server of a segment, as a thread, and devices that ask it over TLS.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tacit/ring/codec.h"
#include "tacit/sealed/kept.h"
#include "tacit/sealed/segment.h"
#include "tacit/sealed/split_runtime.h"
#include "tacit/sealed/testing/plain_run.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/serve/segment_client.h"
#include "tacit/serve/segment_service.h"

namespace tacit::testing {

constexpr std::int64_t kSecond = 1'000'000, kMoment = 1'800'000'000 * kSecond;
/// In a weight of the segment, and nowhere else.
constexpr double kRare = 0.7316529;

/// A vendor's server, in a thread, until it has answered so many questions.
class VendorServer {
 public:
  VendorServer(const std::filesystem::path& folder, std::size_t questions, std::atomic<std::int64_t>& clock,
               std::size_t at_once = kSegmentPlaces, std::chrono::milliseconds give_way = kSegmentGiveWay)
      : listener_(listen_on({"127.0.0.1", 0})), port_(local_port(listener_)), thread_([=, this, &clock] {
          try {
            const Segment segment = read_segment(folder);
            SegmentDevices devices(folder, segment);
            TlsSettings settings;
            settings.roster = segment_server_deployment(segment).roster();
            settings.parties = 1;
            settings.self = party_id(0);
            settings.listener = std::move(listener_);
            settings.newcomer =
                late_devices(devices, [this](const std::string& what) { told += what + "\n"; });
            const auto tls = TlsTransport::connect(std::move(settings), segment.server);
            ServiceOptions options;
            options.queries = questions;
            options.at_once = at_once;
            options.give_way = give_way;
            report = run_segment_service(segment, devices, *tls, options, [&clock] { return clock.load(); });
            tls->goodbye("");
          } catch (const std::exception& e) { error = e.what(); }
        }) {}
  ~VendorServer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  ServiceReport report;
  std::string error, told;  ///< to be read once it has been joined

 private:
  FileDescriptor listener_;
  std::uint16_t port_;
  std::thread thread_;
};

/// Another wire over a device's, for one session.
using OverWire = std::function<std::unique_ptr<Transport>(Transport&)>;

/// What happens instead of an answer.
template <class Ask>
std::string refusal_of(Ask&& ask) {
  try {
    ask();
  } catch (const PeerError& e) { return std::string("peer: ") + e.what(); } catch (const UsageError& e) {
    return std::string("usage: ") + e.what();
  }
  return "answered";
}

/// A model of which a segment is at its vendor, sealed to one device or to two.
class SegmentWorld : public ::testing::Test {
 protected:
  explicit SegmentWorld(bool two_devices = false) {
    if (two_devices) {
      other.emplace(sealed::DeviceKeys::make(world.folder.path("other"), "another device", kNow));
      other->trust(world.card);
    }
    auto& planted = graph.values[graph.nodes[2].inputs[1]].initial.values;
    std::fill(planted.begin(), planted.begin() + static_cast<std::ptrdiff_t>(planted.size() / 2), kRare);
    model = seal(graph, folder());
  }
  std::filesystem::path folder() const { return world.folder.path("segment"); }

  std::filesystem::path seal(const nn::Graph& g, const std::filesystem::path& to,
                             const std::string& name = "m.tacit") {
    sealed::CutModel cut = sealed::cut_segment(g, {2, 4});
    std::vector<KemPublicKey> devices{world.device.card.key};
    if (other) devices.push_back(other->card.key);
    const NewSegment made = make_segment(cut.segment, {"layers", "127.0.0.1:1", 5, 10, {}}, devices);
    write_segment(made.vendors, to);
    text = sealed::to_text({made.access, std::move(cut.before), std::move(cut.after), made.devices_part});
    sealed::SealRequest request = world.request();
    request.to = devices;
    request.to.push_back(sealed::keeper_of(world.vendor).public_key());
    request.level = sealed::Level::Split;
    request.split = made.vendors.terms;
    return world.seal(text, name, request);
  }

  sealed::SplitRuntime open(const std::filesystem::path& file) const { return open_as(world.device, file); }
  static sealed::SplitRuntime open_as(const sealed::DeviceKeys& device, const std::filesystem::path& file) {
    return {sealed::open_model(file, device, kNow), device, 1};
  }
  /// What a device gets, asking at an address.
  PublicTensor run_as(const sealed::DeviceKeys& device, const std::string& address, const PublicTensor& x,
                      const OverWire& over = {}) const {
    return run_file(model, device, address, x, over);
  }
  static PublicTensor run_file(const std::filesystem::path& file, const sealed::DeviceKeys& device,
                               const std::string& address, const PublicTensor& x, const OverWire& over = {}) {
    sealed::SplitRuntime runtime = open_as(device, file);
    const seco::Part part = read_devices_part(runtime.terms(), runtime.part(), "layers");
    sealed::SplitTerms terms = runtime.terms();
    terms.from = address;
    const SegmentAsker asker{device.key, sealed::device_id(device.card.key), runtime.access()};
    return runtime.run(x, [&](std::span<const std::vector<Word>> inputs) {
      if (!over) return ask_segment(terms, part, asker, inputs, {});
      TlsSettings settings;
      settings.roster = segment_deployment(terms, asker.id, asker.access.public_key()).roster();
      settings.parties = 1;
      settings.self = party_id(1);
      const auto tls = TlsTransport::connect(std::move(settings), asker.access);
      auto out = ask_segment_over(*over(*tls), terms, part, asker, inputs, 1);
      tls->goodbye("");
      return out;
    });
  }
  PublicTensor run(const std::string& address, const PublicTensor& x, const OverWire& over = {}) const {
    return run_as(world.device, address, x, over);
  }
  std::string refusal(const std::string& address, const PublicTensor& x) const {
    return refusal_of([&] { run(address, x); });
  }

  SealedWorld world;
  std::optional<sealed::DeviceKeys> other;
  nn::Graph graph = layered_graph();
  Bytes text;
  std::filesystem::path model;
  std::atomic<std::int64_t> clock{kMoment};
};

}  // namespace tacit::testing
