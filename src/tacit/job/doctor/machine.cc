#include "tacit/job/doctor/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "tacit/base/error.h"
#include "tacit/base/workers.h"
#include "tacit/net/transports/socket.h"

namespace tacit::doctor {

namespace fs = std::filesystem;

namespace {

/// A line "name:  123 kB" of /proc/meminfo, in bytes; 0 if there is none.
std::uint64_t memory_line(std::string_view name) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':')
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
  return 0;
}

/// A number in a file of the control group (version 2); nothing for "max" or where there is no such file.
std::optional<std::uint64_t> group_number(const char* file) {
  std::ifstream in(std::string("/sys/fs/cgroup/") + file);
  std::uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

fs::path nearest_that_exists(const fs::path& folder) {
  std::error_code error;
  fs::path at = fs::absolute(folder.empty() ? fs::path(".") : folder, error);
  while (!fs::exists(at, error) && at.has_parent_path() && at != at.parent_path()) at = at.parent_path();
  return at;
}

/// The process of this user's that holds a socket, "name (process 12)"; empty if none is seen.
std::string process_of(const std::string& socket) {
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const std::string id = process.path().filename();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code denied;
    for (const auto& fd : fs::directory_iterator(process.path() / "fd", denied)) {
      std::error_code gone;
      if (fs::read_symlink(fd.path(), gone) != socket) continue;
      std::string name;
      std::getline(std::ifstream(process.path() / "comm"), name);
      return fmt::format("{} (process {})", name, id);
    }
  }
  return "";
}

}  // namespace

Machine look_at_machine() {
  Machine m;
  m.processor = cpu_model();
  m.isa = detect_isa();
  m.processors = available_processors();
  m.memory = memory_line("MemTotal");
  m.memory_free = memory_line("MemAvailable");
  if (const auto limit = group_number("memory.max")) {
    const std::uint64_t used = group_number("memory.current").value_or(0);
    m.memory = std::min(m.memory, *limit);
    m.memory_free = std::min(m.memory_free, *limit > used ? *limit - used : 1);
  }
  m.seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  return m;
}

std::optional<std::uint64_t> free_disk(const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(nearest_that_exists(folder), error);
  if (error) return std::nullopt;
  return space.available;
}

std::string why_not_writable(const fs::path& folder) {
  const fs::path at = nearest_that_exists(folder);
  std::error_code error;
  if (!fs::is_directory(at, error)) return fmt::format("'{}' is no folder", at.string());
  std::string name = (at / ".tacit-doctor-XXXXXX").string();
  const FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return fmt::format("no file can be made in '{}': {}", at.string(), std::strerror(errno));
  ::unlink(name.c_str());
  const std::array<char, 4096> page{};
  if (::write(file.get(), page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
      ::fsync(file.get()) != 0)
    return fmt::format("nothing can be written in '{}': {}", at.string(), std::strerror(errno));
  return "";
}

std::string holder_of_port(std::uint16_t port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);  // the heads of the columns
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::string slot, local, remote, state, queues, timer, retries, user, timeout, inode;
      words >> slot >> local >> remote >> state >> queues >> timer >> retries >> user >> timeout >> inode;
      const std::size_t colon = local.rfind(':');
      if (state != "0A" || colon == std::string::npos) continue;  // 0A: listening
      std::uint16_t at = 0;
      std::from_chars(local.data() + colon + 1, local.data() + local.size(), at, 16);
      if (at != port) continue;
      const std::string process = process_of("socket:[" + inode + "]");
      return process.empty() ? fmt::format("a program of user {}", user) : process;
    }
  }
  return "";
}

std::string why_unresolved(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return gai_strerror(error);
  freeaddrinfo(list);
  return "";
}

}  // namespace tacit::doctor
