// include/tacit/tacit_runtime.h over sealed::Runtime, SegmentModel and broker::Client: exceptions become
// statuses, and nothing else happens here.
#include "tacit/sealed/runtime.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/broker/client.h"
#include "tacit/serve/segment_model.h"
#include "tacit/tacit_runtime.h"

using namespace tacit;

struct tacit_broker {
  explicit tacit_broker(const char* socket) : client(socket) {}
  broker::Client client;
};

/// Wherever it was opened.
struct tacit_model {
  tacit_model(broker::Opened known) : about(std::move(known)), example_size(elements(about.example)) {}
  tacit_model(const tacit_model&) = delete;
  tacit_model& operator=(const tacit_model&) = delete;
  virtual ~tacit_model() = default;
  virtual broker::Tensor run(const double* examples, std::size_t rows) const = 0;

  Shape shape(std::size_t rows) const {
    Shape out = about.example;
    out.insert(out.begin(), rows);
    return out;
  }

  broker::Opened about;
  std::size_t example_size;
};

namespace {

broker::Opened about_of(const sealed::Header& h, const Shape& example) {
  return {0, static_cast<std::uint8_t>(h.level), h.model_name, h.vendor_name, h.expires, example};
}

/// By a runtime of this process: sealed::Runtime or SegmentModel.
template <class Opener>
struct OpenedHere final : tacit_model {
  explicit OpenedHere(std::unique_ptr<Opener> r)
      : tacit_model(about_of(r->header(), r->example())), opened(std::move(r)) {}
  broker::Tensor run(const double* examples, std::size_t rows) const override {
    require(rows > 0 && rows <= (std::size_t{1} << 40) / std::max<std::size_t>(1, example_size),
            "{} rows of {} numbers cannot be asked at a time", rows, example_size);
    const std::size_t n = rows * example_size;
    const double* odd = std::find_if_not(examples, examples + n, [](double v) { return std::isfinite(v); });
    require(odd == examples + n, "number {} of the examples is infinite or none", odd - examples);
    PublicTensor answer = opened->run({shape(rows), {examples, examples + n}});
    return {std::move(answer.shape), std::move(answer.values)};
  }
  std::unique_ptr<Opener> opened;
};

struct OpenedThere final : tacit_model {
  OpenedThere(tacit_broker& b, broker::Opened known) : tacit_model(std::move(known)), by(b) {}
  ~OpenedThere() override {
    try {
      by.client.close(about.model);
    } catch (...) {}  // the broker has left: there is nothing to close
  }
  broker::Tensor run(const double* examples, std::size_t rows) const override {
    const std::size_t most = broker::kMostBody / sizeof(double) / std::max<std::size_t>(1, example_size);
    require(rows > 0 && example_size > 0 && rows <= most,
            "{} rows of {} numbers cannot be asked at a time: ask for 1 to {}", rows, example_size, most);
    return by.client.run(about.model, {shape(rows), {examples, examples + rows * example_size}});
  }
  tacit_broker& by;
};

/// An answer, and what it points to.
struct Answered : tacit_answer {
  explicit Answered(broker::Tensor t) : tensor(std::move(t)) {
    axes = tensor.shape.size();
    extents = tensor.shape.data();
    size = tensor.values.size();
    values = tensor.values.data();
  }
  broker::Tensor tensor;
};

tacit_status tell(tacit_status status, const char* words, char* message, std::size_t size) {
  if (message != nullptr && size > 0) {
    const std::string line = one_line(words);
    const std::size_t length = std::min(line.size(), size - 1);
    std::memcpy(message, line.data(), length);
    message[length] = 0;
  }
  return status;
}

template <class Action>
tacit_status guarded(char* message, std::size_t size, Action&& action) noexcept {
  try {
    try {
      action();
      return TACIT_OK;
    } catch (const UsageError& e) {
      return tell(TACIT_USAGE, e.what(), message, size);
    } catch (const IoError& e) {
      return tell(TACIT_IO, e.what(), message, size);
    } catch (const PeerError& e) {
      return tell(TACIT_PEER, e.what(), message, size);
    } catch (const CheatDetected& e) {
      return tell(TACIT_CHEAT, e.what(), message, size);
    } catch (const std::bad_alloc&) {
      return tell(TACIT_IO, "there is not enough memory for it", message, size);
    } catch (const std::exception& e) { return tell(TACIT_BUG, e.what(), message, size); }
  } catch (...) { return TACIT_IO; }  // not even memory for the sentence
}

sealed::Now now_here() {
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  return {floor<seconds>(system_clock::now()).time_since_epoch().count(), sealed::boot_now()};
}

}  // namespace

tacit_status tacit_open(const char* keys, const char* file, unsigned threads, tacit_model** out,
                        char* message, size_t size) {
  return guarded(message, size, [&] {
    require(keys != nullptr && file != nullptr && out != nullptr,
            "tacit_open was given no key folder, no file, or no place for a model");
    *out = nullptr;
    const auto device = sealed::DeviceKeys::open(keys);
    *out = new OpenedHere<sealed::Runtime>(
        std::make_unique<sealed::Runtime>(sealed::open_model(file, device, now_here()), threads));
  });
}

tacit_status tacit_open_split(const char* keys, const char* file, const char* server, unsigned threads,
                              tacit_model** out, char* message, size_t size) {
  return guarded(message, size, [&] {
    require(keys != nullptr && file != nullptr && out != nullptr,
            "tacit_open_split was given no key folder, no file, or no place for a model");
    *out = nullptr;
    auto device = sealed::DeviceKeys::open(keys);
    sealed::OpenedModel model = sealed::open_model(file, device, now_here());
    *out = new OpenedHere<SegmentModel>(std::make_unique<SegmentModel>(
        std::move(model), std::move(device), server == nullptr ? "" : server, threads));
  });
}

tacit_status tacit_broker_connect(const char* socket, tacit_broker** out, char* message, size_t size) {
  return guarded(message, size, [&] {
    require(socket != nullptr && out != nullptr,
            "tacit_broker_connect was given no socket, or no place for a broker");
    *out = nullptr;
    *out = new tacit_broker(socket);
  });
}

void tacit_broker_leave(tacit_broker* broker) { delete broker; }

tacit_status tacit_broker_open(tacit_broker* broker, const char* file, tacit_model** out, char* message,
                               size_t size) {
  return guarded(message, size, [&] {
    require(broker != nullptr && file != nullptr && out != nullptr,
            "tacit_broker_open was given no broker, no file, or no place for a model");
    *out = nullptr;
    *out = new OpenedThere(*broker, broker->client.open(file));
  });
}

tacit_model_info tacit_info(const tacit_model* model) {
  tacit_model_info out{};
  if (model == nullptr) return out;
  out.level = model->about.level;
  out.name = model->about.model_name.c_str();
  out.vendor = model->about.vendor_name.c_str();
  out.expires = model->about.expires;
  out.axes = model->about.example.size();
  out.extents = model->about.example.data();
  out.example_size = model->example_size;
  return out;
}

tacit_status tacit_run(const tacit_model* model, const double* examples, size_t rows, tacit_answer** out,
                       char* message, size_t size) {
  return guarded(message, size, [&] {
    require(model != nullptr && examples != nullptr && out != nullptr,
            "tacit_run was given no model, no examples, or no place for an answer");
    *out = nullptr;
    *out = new Answered(model->run(examples, rows));
  });
}

void tacit_answer_free(tacit_answer* answer) { delete static_cast<Answered*>(answer); }

void tacit_close(tacit_model* model) { delete model; }
