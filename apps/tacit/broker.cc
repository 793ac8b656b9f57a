// 'tacit broker' becomes the broker's own program, which lies beside this one.
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "commands.h"
#include "tacit/base/error.h"

namespace tacit::app {

void broker(const BrokerOptions& o) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) throw IoError("where this program lies cannot be read from /proc/self/exe: " + error.message());
  const fs::path program = self.parent_path() / "tacit-broker";
  std::vector<std::string> words{program.string(),  "--keys",    o.keys.string(),          "--socket",
                                 o.socket.string(), "--threads", std::to_string(o.threads)};
  for (const std::string& user : o.allow) words.insert(words.end(), {"--allow", user});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw IoError(fmt::format("the program '{}' cannot be started: {}; build it, and leave it beside this one",
                            program.string(), std::strerror(errno)));
}

}  // namespace tacit::app
