// One example at a time, on one thread, through the runtime: as a graph in the clear, sealed at level 1, and
// sealed at level 2 behind a broker of a user of its own, which root alone can start. Weights are random
// numbers from a seed: what is multiplied changes no time. bench/time_onnxruntime.py has the same networks in
// ONNX Runtime.
#include "tacit/sealed/runtime.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <fstream>

#include "bench.h"
#include "networks.h"
#include "tacit/base/error.h"
#include "tacit/broker/client.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/hash.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/model.h"
#include "tacit/sealed/seal.h"
#include "tacit/sealed/tiles.h"

namespace tacit::bench {

namespace {

namespace fs = std::filesystem;
using nn::ValueId;
using Integers = std::vector<std::int64_t>;

PublicTensor noise(const Shape& shape, double scale, std::size_t seed) {
  PublicTensor t{shape, std::vector<double>(elements(shape))};
  for (std::size_t i = 0; i < t.values.size(); ++i)
    t.values[i] = scale * (static_cast<double>((i * 2654435761u + 40503 * seed) % 65536) / 32768 - 1);
  return t;
}

/// A ResNet-18 for 224x224 (He et al., 2016, table 1) as it runs: its normalisations went into its
/// convolutions.
class ResNet18 {
 public:
  nn::Graph build() {
    ValueId x = conv(g_.add_input("image", {1, 3, 224, 224}), 64, 7, 2, 3);
    x = relu(x);
    x = node(nn::kMaxPool, {x},
             {{"kernel_shape", Integers{3, 3}}, {"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}});
    for (const std::size_t channels : {64u, 128u, 256u, 512u})
      for (int block = 0; block < 2; ++block) x = basic(x, channels, channels > 64 && block == 0 ? 2 : 1);
    x = node(nn::kFlatten, {node(nn::kGlobalAveragePool, {x})});
    g_.outputs = {
        node(nn::kGemm, {x, weights({1000, 512}, 512), weights({1000}, 512)}, {{"transB", std::int64_t{1}}})};
    return std::move(g_);
  }

 private:
  ValueId node(const nn::Op& op, std::vector<ValueId> in, nn::Attrs attrs = {}) {
    return g_.add_node(op, fmt::format("node{}", g_.nodes.size()), std::move(in), std::move(attrs));
  }
  ValueId weights(const Shape& shape, std::size_t fan_in) {
    return g_.add_parameter(fmt::format("w{}", g_.values.size()),
                            noise(shape, std::sqrt(3 / static_cast<double>(fan_in)), g_.values.size()));
  }
  ValueId relu(ValueId x) { return node(nn::kRelu, {x}); }
  ValueId conv(ValueId x, std::size_t channels, std::size_t kernel, std::int64_t stride, std::int64_t pad) {
    const std::size_t from = g_.values[x].shape[1], fan_in = from * kernel * kernel;
    return node(nn::kConv,
                {x, weights({channels, from, kernel, kernel}, fan_in), weights({channels}, fan_in)},
                {{"strides", Integers{stride, stride}}, {"pads", Integers{pad, pad, pad, pad}}});
  }
  ValueId basic(ValueId x, std::size_t channels, std::int64_t stride) {
    const ValueId y = conv(relu(conv(x, channels, 3, stride, 1)), channels, 3, 1, 1);
    const ValueId past = stride == 1 ? x : conv(x, channels, 1, stride, 0);
    return relu(node(nn::kAdd, {y, past}));
  }
  nn::Graph g_;
};

/// A folder that goes with it.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "tacit-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw IoError("a folder for the benchmark cannot be made");
    path = name;
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path, error);
  }
  fs::path path;
};

sealed::Now now_here() {
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  return {floor<seconds>(system_clock::now()).time_since_epoch().count(), sealed::boot_now()};
}

constexpr uid_t kBroker = 65534;  // nobody

/// A broker as a process of its own, until this goes. IoError if none becomes ready.
class BrokerProcess {
 public:
  BrokerProcess(const fs::path& keys, const fs::path& socket) {
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "tacit-broker";
    int said[2];
    if (::pipe(said) != 0) throw IoError("no pipe can be made");
    // Memory is locked by a capability, for the limit may be one that root may not raise here.
    const std::string user = std::to_string(kBroker);
    std::vector<std::string> words{"setpriv",
                                   "--reuid",
                                   user,
                                   "--regid",
                                   user,
                                   "--clear-groups",
                                   "--inh-caps",
                                   "+ipc_lock",
                                   "--ambient-caps",
                                   "+ipc_lock",
                                   program.string(),
                                   "--keys",
                                   keys.string(),
                                   "--socket",
                                   socket.string(),
                                   "--allow",
                                   "0",
                                   "--threads",
                                   "1"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(said[1], STDERR_FILENO);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(said[1]);
    std::string line;
    for (char c = 0; ::read(said[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(said[0]);
    if (line.find("ready") == std::string::npos) {
      stop();
      throw IoError(line.empty() ? "the broker cannot be started" : line);
    }
  }
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;
  ~BrokerProcess() { stop(); }

 private:
  void stop() {
    if (child_ <= 0) return;
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  pid_t child_ = -1;
};

/// A vendor, a device, and one model between them.
class Bench {
 public:
  Bench(Context& c, std::string name, nn::Graph graph, std::size_t times)
      : c_(c), name_("runtime." + std::move(name)), graph_(std::move(graph)), times_(times) {
    fs::create_directory(folder_.path / "run");
    keys_.emplace(sealed::DeviceKeys::make(folder_.path / "device", "a device", now_here()));
    keys_->trust({"a vendor", vendor_.public_key()});
    example_ = noise(graph_.values[graph_.inputs[0]].shape, 1, 7);
    // As models hold them, in 4 bytes each.
    for (const ValueId id : graph_.parameters())
      for (double& v : graph_.values[id].initial.values) v = static_cast<double>(static_cast<float>(v));
  }

  void plain() {
    runtime::OrdinaryMemory memory;
    Workers one(1);
    const runtime::Model model(graph_, memory, one);
    const auto plan = model.plan({example_.shape});
    const std::vector<float> x(example_.values.begin(), example_.values.end());
    std::vector<float> y(elements(plan->outputs()[0]));
    const float* in[] = {x.data()};
    float* out[] = {y.data()};
    add("milliseconds", measure(times_, [&] { model.run(*plan, in, out); }).median);
  }

  void level_1() {
    std::vector<PublicTensor> numbers;
    for (const ValueId id : graph_.parameters()) numbers.push_back(graph_.values[id].initial);
    const std::string text = nn::export_onnx(graph_, numbers, {name_, {}});
    const fs::path file = seal(bytes_of(text), sealed::Level::Sealed);
    const auto open = [&] {
      return std::make_unique<sealed::Runtime>(sealed::open_model(file, *keys_, now_here()), 1);
    };
    for (const bool cold : {true, false}) {
      if (cold && in_memory(file)) {
        if (c_.say) c_.say("openings are not measured cold: name a folder on a disk in TMPDIR");
        continue;
      }
      const auto [seconds, share] = opening(file, cold, open);
      const std::string what = cold ? "open" : "open.warm";
      add(what + ".milliseconds", seconds);
      c_.add(name_ + "." + what + ".share_of_read_hash_aead", share,
             cold ? "of a cold read of the file, one hash and one decryption" : "of the same from the cache");
    }
    const auto runtime = open();
    add("level1.milliseconds", measure(times_, [&] { runtime->run(example_); }).median);
  }

  void level_2() {
    if (::geteuid() != 0) {
      if (c_.say) c_.say("level 2 is not measured: root alone can start a broker under another user");
      return;
    }
    const fs::path file = seal(sealed::tiled_text(sealed::in_tiles(graph_)), sealed::Level::Guarded);
    fs::permissions(folder_.path, fs::perms(0755));
    for (const fs::path& p : {folder_.path / "run", folder_.path / "device"}) {
      give(p);
      for (const auto& entry : fs::recursive_directory_iterator(p)) give(entry.path());
    }
    const BrokerProcess process(folder_.path / "device", folder_.path / "run/socket");
    broker::Client client(folder_.path / "run/socket");
    const broker::Opened opened = client.open(file);
    add("level2.milliseconds", measure(times_, [&] {
                                 client.run(opened.model, {example_.shape, example_.values});
                               }).median);
  }

 private:
  void add(const std::string& what, double seconds) {
    c_.add(name_ + "." + what, 1e3 * seconds, "ms, one example, one thread");
  }
  static void give(const fs::path& p) {
    if (::lchown(p.c_str(), kBroker, kBroker) != 0)
      throw IoError("a folder cannot be given to the broker's user");
  }
  fs::path seal(ByteView text, sealed::Level level) {
    const fs::path file = folder_.path / fmt::format("level{}.tacit", static_cast<unsigned>(level));
    sealed::SealRequest request{vendor_, "a vendor", "a model", {keys_->card.key}};
    request.sealed_at = now_here().clock;
    request.level = level;
    MemoryReader from(text);
    sealed::seal(from, text.size(), file, request);
    return file;
  }
  static bool in_memory(const fs::path& file) {
    struct statfs s {};
    return ::statfs(file.c_str(), &s) == 0 && s.f_type == TMPFS_MAGIC;
  }
  /// So that it has to be read from the disk again.
  static void forget(const fs::path& file) {
    const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0 || ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED) != 0)
      throw IoError("the file cannot be put out of the cache");
  }
  /// Seconds, and what share they are of those that no opening can do without; medians of fifteen of each, in
  /// turn, since disks and neighbours have their moments.
  static std::pair<double, double> opening(const fs::path& file, bool cold,
                                           const std::function<void()>& open) {
    Bytes content(fs::file_size(file));
    const std::function<void()> both[] = {open, [&] { read_hash_decrypt(file, content); }};
    std::vector<double> seconds[2];
    for (int round = 0; round <= 15; ++round)
      for (std::size_t i = 0; i < 2; ++i) {
        using Clock = std::chrono::steady_clock;
        if (cold) forget(file);
        const auto begin = Clock::now();
        both[i]();
        if (round > 0)  // the first time is another matter
          seconds[i].push_back(std::chrono::duration<double>(Clock::now() - begin).count());
      }
    const double own = median(seconds[0]);
    return {own, own / median(seconds[1])};
  }
  /// The cipher takes as long either way.
  static void read_hash_decrypt(const fs::path& file, Bytes& content) {
    ChunkCipher cipher(Bytes(kSealKeySize), {}, true);
    std::ifstream in(file, std::ios::binary);
    in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
    sha256(content);
    std::uint64_t number = 0;
    for (std::size_t at = 0; at + kSealTagSize <= content.size(); at += kSealChunk)
      cipher.seal(number++, false, ByteSpan(content).subspan(at, std::min(kSealChunk, content.size() - at)));
  }

  Context& c_;
  std::string name_;
  nn::Graph graph_;
  std::size_t times_;
  Folder folder_;
  Identity vendor_ = Identity::generate();
  std::optional<sealed::DeviceKeys> keys_;
  PublicTensor example_;
};

void all_levels(Context& c, std::string name, nn::Graph graph, std::size_t times) {
  Bench bench(c, std::move(name), std::move(graph), times);
  bench.plain();
  bench.level_1();
  try {
    bench.level_2();
  } catch (const IoError& e) {
    if (c.say) c.say(std::string("level 2 is not measured: ") + e.what());
  }
}

void lenet(Context& c) { all_levels(c, "lenet", network("C"), 51); }
void mlp(Context& c) { all_levels(c, "mlp", network("A"), 201); }
void resnet18(Context& c) { all_levels(c, "resnet18", ResNet18().build(), 7); }

}  // namespace

std::vector<Benchmark> runtime_benchmarks() {
  return {
      {"runtime.lenet", "one image through LeNet in the clear: plain, and sealed at levels 1 and 2", lenet},
      {"runtime.mlp", "the same of a network of three dense layers (784-128-128-10)", mlp},
      {"runtime.resnet18", "the same of a ResNet-18 for 224x224 with random weights", resnet18, true}};
}

}  // namespace tacit::bench
