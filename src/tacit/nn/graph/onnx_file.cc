#include "tacit/nn/graph/onnx_file.h"

#include <google/protobuf/io/zero_copy_stream.h>
#include <string.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <fstream>
#include <limits>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_tensor.h"

namespace tacit::nn::onnx_io {

namespace fs = std::filesystem;

namespace {

/// `size` bytes from `offset` on; the caller has compared them with the file's size.
std::string read_part(const fs::path& file, std::uintmax_t offset, std::size_t size) {
  std::ifstream in(file, std::ios::binary);
  std::string out(size, '\0');
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(out.data(), static_cast<std::streamsize>(size));
  if (!in)
    throw IoError(fmt::format("{} could not be read; check its permissions and the disk", name_of(file)));
  return out;
}

std::uintmax_t number_of(const std::string& text, const std::string& what) {
  std::uintmax_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(),
          "{} gives '{}' as a place in its file; export the model again", what, printable(text));
  return value;
}

bool inside(const fs::path& folder, const fs::path& file) {
  const fs::path way = file.lexically_relative(folder);
  return !way.empty() && *way.begin() != ".." && way != ".";
}

}  // namespace

namespace {

/// The bytes of a reader, one piece after the other, in memory that is zeroed in the end (and, as the
/// messages are not, not locked).
class PieceStream final : public google::protobuf::io::ZeroCopyInputStream {
 public:
  PieceStream(ByteReader& from, std::uint64_t size) : from_(from), left_(size), piece_(kPiece) {}
  ~PieceStream() override { ::explicit_bzero(piece_.data(), piece_.size()); }

  bool Next(const void** data, int* size) override {
    if (given_ == filled_) {
      // What a reader throws must not pass through the parser; it is thrown on when that has ended.
      if (left_ == 0 || broken_) return false;
      std::size_t now = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_.size()));
      try {
        now = from_.read_some(piece_, now);
      } catch (...) {
        broken_ = std::current_exception();
        return false;
      }
      left_ -= now;
      done_ += filled_;
      filled_ = now;
      given_ = 0;
    }
    *data = piece_.data() + given_;
    *size = static_cast<int>(filled_ - given_);
    given_ = filled_;
    return true;
  }
  void BackUp(int count) override { given_ -= static_cast<std::size_t>(count); }
  bool Skip(int count) override {
    const void* data = nullptr;
    int size = 0;
    while (count > 0) {
      if (!Next(&data, &size)) return false;
      if (size > count) BackUp(size - count);
      count -= std::min(size, count);
    }
    return true;
  }
  std::int64_t ByteCount() const override { return static_cast<std::int64_t>(done_ + given_); }

  void rethrow() const {
    if (broken_) std::rethrow_exception(broken_);
  }

 private:
  /// A chunk of a sealed file, and room for its tag.
  static constexpr std::size_t kPiece = (std::size_t{1} << 16) + 64;
  ByteReader& from_;
  std::uint64_t left_, done_ = 0;
  Bytes piece_;
  std::size_t filled_ = 0, given_ = 0;
  std::exception_ptr broken_;
};

void check_size(std::uint64_t size, const std::string& name) {
  require(size > 0, "{} is empty; export it again", name);
  require(size <= static_cast<std::uint64_t>(std::numeric_limits<int>::max()),
          "{} is larger than 2 GiB, the most that its format allows; export it with external data", name);
}

void check_model(const ::onnx::ModelProto& model, const std::string& name) {
  require(model.has_graph(), "{} holds no graph: it is no ONNX model, or was cut short; export it again",
          name);
  require(!model.has_ir_version() || model.ir_version() >= 3,
          "{} is of ONNX's IR version {}, older than 3; export it with a current tool", name,
          model.ir_version());
  const int opset = opset_of(model);
  require(opset != 0, "{} does not say which operator set it uses; export it again, with opset 17", name);
  require(opset >= 7 && opset <= 21,
          "{} uses operator set {}, and tacit reads 7 to 21; export it with opset 17", name, opset);
}

constexpr const char* kNoModel = "{} is no ONNX file, or is damaged or cut short; export it again";

}  // namespace

std::string name_of(const fs::path& file) {
  return fmt::format("the model '{}'", printable(file.filename().string()));
}

::onnx::ModelProto read_model(const fs::path& file) {
  std::error_code ignored;
  require(fs::exists(file, ignored), "{} does not exist; check the path", name_of(file));
  require(fs::is_regular_file(file, ignored), "{} is not a file; name a file", name_of(file));
  const std::uintmax_t size = fs::file_size(file, ignored);
  check_size(size, name_of(file));
  const std::string bytes = read_part(file, 0, static_cast<std::size_t>(size));
  ::onnx::ModelProto model;
  require(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), kNoModel, name_of(file));
  check_model(model, name_of(file));
  return model;
}

::onnx::ModelProto read_model(ByteReader& from, std::uint64_t size, const std::string& name) {
  check_size(size, name);
  PieceStream pieces(from, size);
  ::onnx::ModelProto model;
  const bool good = model.ParseFromZeroCopyStream(&pieces);
  pieces.rethrow();
  require(good, kNoModel, name);
  check_model(model, name);
  return model;
}

int opset_of(const ::onnx::ModelProto& model) {
  for (const auto& set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      return static_cast<int>(std::clamp<std::int64_t>(set.version(), 1, 1000));
  return 0;
}

std::string read_external(const ::onnx::TensorProto& proto, std::size_t size, const DataFolder& folder,
                          const std::string& what) {
  require(folder.has_value(),
          "{} is said to lie in another file, and this model must be whole in itself; export it without "
          "external data",
          what);
  std::string location;
  std::uintmax_t offset = 0, length = size;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number_of(entry.value(), what);
    if (entry.key() == "length") length = number_of(entry.value(), what);
  }
  require(!location.empty() && location.find('\0') == std::string::npos,
          "{} is said to lie in another file, but not in which; export the model again", what);
  const std::string shown = printable(location);
  require(length == size, "{} has {} bytes in '{}' where its shape needs {}; export the model again", what,
          length, shown, size);
  // Links are followed before the comparison: neither the name nor a link may lead elsewhere.
  std::error_code error;
  const fs::path home = fs::canonical(folder->empty() ? fs::path(".") : *folder, error);
  const fs::path file = error ? fs::path() : fs::weakly_canonical(home / location, error);
  require(!error && fs::path(location).is_relative() && inside(home, file),
          "{} is said to lie in '{}', outside the model's folder; keep the data beside the model", what,
          shown);
  require(fs::is_regular_file(file, error),
          "{} should lie in '{}', which is not beside the model; copy it there", what, shown);
  const std::uintmax_t total = fs::file_size(file, error);
  require(!error && offset <= total && size <= total - offset,
          "'{}' is too short for {}: it has {} bytes; copy it again", shown, what, total);
  return read_part(file, offset, size);
}

}  // namespace tacit::nn::onnx_io
