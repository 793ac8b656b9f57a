#include "tacit/serve/numbers.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr const char* kFile = "last-query";

}  // namespace

QueryNumbers::QueryNumbers(std::filesystem::path folder) : folder_(std::move(folder)) {
  make_folder(folder_, 0777);
  const auto file = folder_ / kFile;
  if (!std::filesystem::exists(file)) return;
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), last_);
  require(
      wrong == std::errc() && end == text.data() + text.size(),
      "'{}' should hold the number of the last query, and does not: put the highest number that any server "
      "has there",
      file.string());
}

void QueryNumbers::use(std::uint64_t number) {
  require(number > last_, "query {} was asked already, or an earlier one was: the last is {}", number, last_);
  // A new file in the old one's place: at no moment is there half a number.
  const auto file = folder_ / kFile, fresh = folder_ / (std::string(kFile) + ".part");
  {
    const FileDescriptor fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const std::string text = std::to_string(number) + "\n";
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(fd.get()) != 0)
      throw IoError(fmt::format("'{}' cannot be written: {}", fresh.string(), std::strerror(errno)));
  }
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  if (error) throw IoError(fmt::format("'{}' cannot be written: {}", file.string(), error.message()));
  sync_folder(folder_);
  last_ = number;
}

}  // namespace tacit
