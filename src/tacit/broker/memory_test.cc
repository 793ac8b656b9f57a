// What the broker's program promises of memory, looked for in memory: a layer of one rare constant lies in
// the clear while its node runs and at no other time, the content key never does, and a hardened process is
// one by the kernel's account. The free() of the broker's own program is linked here, too; under sanitizers,
// which bring another, there is nothing to look at.
#include <gtest/gtest.h>

#ifdef TACIT_ZEROING_FREE

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "tacit/crypto/hpke.h"
#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/keys_of_a_file.h"
#include "tacit/sealed/runtime.h"
#include "tacit/sealed/testing/guarded_world.h"

namespace tacit::broker {
namespace {

using namespace tacit::testing;
using namespace sealed;

/// Longer than what spilled registers could hold: four of 64 bytes.
constexpr std::size_t kRun = 64;
constexpr std::size_t kSide = 64;
// The rare constant, which must not stand anywhere as itself: its bits as a float, and as a double.
constexpr std::uint32_t kMask = 0x5a5a5a5a;
constexpr std::uint32_t kFloat = 0x3f9e0652 ^ kMask;  // 1.234567...
constexpr std::uint64_t kMask64 = 0x5a5a5a5a5a5a5a5a;
constexpr std::uint64_t kDouble = 0x3ff3c0ca40000000 ^ kMask64;  // the same number

struct Region {
  std::uintptr_t begin, end;
};
std::vector<Region> writable() {
  std::vector<Region> out;
  out.reserve(4096);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    Region r{};
    char dash = 0;
    std::string rights;
    words >> std::hex >> r.begin >> dash >> r.end >> rights;
    if (rights.starts_with("rw")) out.push_back(r);
  }
  return out;
}

/// Bytes in runs of one masked value.
template <class T>
std::size_t bytes_of_runs(const Region& r, T masked, T mask) {
  std::size_t found = 0, run = 0;
  for (std::uintptr_t at = r.begin; at + sizeof(T) <= r.end; at += sizeof(T)) {
    const bool same = (*reinterpret_cast<const volatile T*>(at) ^ mask) == masked;
    run = same ? run + 1 : 0;
    if (run == kRun)
      found += kRun * sizeof(T);
    else if (run > kRun)
      found += sizeof(T);
  }
  return found;
}

/// Bytes of the rare constant in this process's memory.
std::size_t planted_bytes() {
  std::size_t found = 0;
  for (const Region& r : writable())
    found +=
        bytes_of_runs<std::uint32_t>(r, kFloat, kMask) + bytes_of_runs<std::uint64_t>(r, kDouble, kMask64);
  return found;
}

/// Places of some masked bytes in this process's memory.
std::size_t places_of(const std::vector<unsigned char>& masked) {
  std::size_t found = 0;
  for (const Region& r : writable())
    for (std::uintptr_t at = r.begin; at + masked.size() <= r.end; ++at) {
      const auto* p = reinterpret_cast<const volatile unsigned char*>(at);
      std::size_t i = 0;
      while (i < masked.size() && (p[i] ^ 0x5a) == masked[i]) ++i;
      found += i == masked.size();
    }
  return found;
}

/// Three layers, of which the middle one has the rare constant everywhere.
Model planted() {
  const std::uint64_t bits = kDouble ^ kMask64;
  double rare = 0;
  std::memcpy(&rare, &bits, sizeof rare);
  Model m;
  m.input("x", {0, kSide}).output("y");
  const auto layer = [&](const char* name, const Numbers& values) {
    m.hold(floats(name, {kSide, kSide}, values));
  };
  layer("w1", wave({kSide * kSide}, 0.1).values);
  layer("w2", Numbers(kSide * kSide, rare));
  layer("w3", wave({kSide * kSide}, 0.2).values);
  m.node("MatMul", {"x", "w1"}, {"a"});
  m.node("Relu", {"a"}, {"b"});
  m.node("MatMul", {"b", "w2"}, {"c"});
  m.node("Relu", {"c"}, {"d"});
  m.node("MatMul", {"d", "w3"}, {"y"});
  return m;
}

TEST(MemoryOfABroker, HoldsALayerWhileItRunsAndNoLonger) {
  GuardedWorld world;
  const auto file = [&] { return world.guarded(planted().import(world.folder)); }();
  const auto onnx = world.folder.path("m.onnx");
  ASSERT_TRUE(std::filesystem::remove(onnx));
  ASSERT_EQ(planted_bytes(), 0u) << "the test itself left it in memory";
  const PublicTensor x = wave({3, kSide});
  {
    std::optional<GuardedRuntime> r(std::in_place, open_model(file, world.device, kNow), world.space,
                                    world.workers);
    EXPECT_EQ(planted_bytes(), 0u) << "once it is open";
    std::vector<std::size_t> found;
    found.reserve(100);
    r->run(x, [&](const std::string&, bool) { found.push_back(planted_bytes()); });
    ASSERT_EQ(found.size(), 10u);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i == 4) {
        // The third node has its numbers: as they were opened, and nowhere else yet.
        EXPECT_GE(found[i], kSide * kSide * sizeof(float));
        EXPECT_LE(found[i], 2 * kSide * kSide * sizeof(float));
      } else {
        EXPECT_EQ(found[i], 0u) << "boundary " << i;
      }
    }
    EXPECT_EQ(planted_bytes(), 0u) << "between two questions";
  }
  EXPECT_EQ(planted_bytes(), 0u) << "once it is closed";
}

/// The same look finds what is not guarded.
TEST(MemoryOfABroker, AtLevel1TheModelLiesThere) {
  GuardedWorld world;
  const auto file = [&] { return world.seal(bytes_of(planted().bytes())); }();
  ASSERT_EQ(planted_bytes(), 0u);
  {
    Runtime r(open_model(file, world.device, kNow), 1);
    EXPECT_GE(planted_bytes(), kSide * kSide * sizeof(float));
  }
  EXPECT_EQ(planted_bytes(), 0u);
}

TEST(MemoryOfABroker, HoldsNoContentKey) {
  GuardedWorld world;
  const auto file = [&] { return world.guarded(planted().import(world.folder)); }();
  std::vector<unsigned char> masked;
  {
    const Header h = header_of(read_file(file));
    HpkeReceiver receiver = world.device.key.receiver(kWrapCipher, h.wraps[0].enc,
                                                      wrap_info(h.id, h.vendor, h.wraps[0].recipient));
    const auto key = receiver.open(facts_of(h), h.wraps[0].sealed);
    ASSERT_TRUE(key.has_value());
    for (const std::byte b : key->bytes()) masked.push_back(static_cast<unsigned char>(b) ^ 0x5a);
    EXPECT_GE(places_of(masked), 1u) << "while the test has it";
  }
  EXPECT_EQ(places_of(masked), 0u);
  GuardedRuntime r = world.runtime(file);
  EXPECT_EQ(places_of(masked), 0u) << "while the model is open";
  r.run(wave({1, kSide}));
  EXPECT_EQ(places_of(masked), 0u) << "after an answer";
}

/// Mappings that could be written to, and so hold secrets, and are not locked.
std::size_t unlocked() {
  std::ifstream maps("/proc/self/smaps");
  std::size_t out = 0;
  for (std::string line; std::getline(maps, line);)
    if (line.starts_with("VmFlags:") && line.find(" wr") != std::string::npos)
      out += line.find(" lo") == std::string::npos;
  return out;
}

/// In a child: 0, or the number of the first check that failed.
int hardened() {
  try {
    const HardenedProcess process(zeroing_free());
    if (::prctl(PR_GET_DUMPABLE) != 0) return 10;
    rlimit core{};
    if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) return 11;
    if (unlocked() != 0) return 12;
    std::vector<char> later(8 << 20, 'x');
    if (unlocked() != 0) return 13;
    process.narrow();
    if (::fork() != -1 || errno != EPERM) return 14;
    if (::socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM) return 15;
    char* none[] = {nullptr};
    if (::execve("/bin/true", none, none) != -1 || errno != EPERM) return 16;
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != -1 || errno != EPERM) return 17;
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    return ran ? 0 : 18;
  } catch (const IoError& e) {
    // Where the machine does not lock so much, it says what helps.
    return std::string(e.what()).find("ulimit -l unlimited") != std::string::npos ? 77 : 19;
  } catch (...) { return 20; }
}

int in_a_child(int (*what)(), bool as_nobody = false) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    if (as_nobody && (::setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (::geteuid() == 0 && ::setuid(65534) != 0)))
      ::_exit(99);
    ::_exit(what());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(AHardenedProcess, IsOneByTheKernelsAccount) {
  const int code = in_a_child(hardened);
  EXPECT_TRUE(code == 0 || (::geteuid() != 0 && code == 77)) << code;
}

TEST(AHardenedProcess, IsRefusedWhereMemoryCannotBeLocked) { EXPECT_EQ(in_a_child(hardened, true), 77); }

}  // namespace
}  // namespace tacit::broker

#endif  // a sanitizer brings its own free()
