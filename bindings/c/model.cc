// include/tacit/model.h over broker::Client: exceptions become statuses, and nothing else happens here.
#include "tacit/model.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/broker/client.h"

using namespace tacit;

struct tacit_broker {
  explicit tacit_broker(const char* socket) : client(socket) {}
  broker::Client client;
};
struct tacit_model {
  tacit_broker& broker;
  broker::Opened about;
  std::size_t example_size;
};

namespace {

/// An answer, and what it points to.
struct Answer : tacit_answer {
  explicit Answer(broker::Tensor t) : tensor(std::move(t)) {
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

}  // namespace

tacit_status tacit_broker_connect(const char* socket, tacit_broker** out, char* message, size_t size) {
  return guarded(message, size, [&] {
    require(socket != nullptr && out != nullptr,
            "tacit_broker_connect was given no socket, or no place for a broker");
    *out = nullptr;
    *out = new tacit_broker(socket);
  });
}

void tacit_broker_leave(tacit_broker* broker) { delete broker; }

tacit_status tacit_model_open(tacit_broker* broker, const char* file, tacit_model** out, char* message,
                              size_t size) {
  return guarded(message, size, [&] {
    require(broker != nullptr && file != nullptr && out != nullptr,
            "tacit_model_open was given no broker, no file, or no place for a model");
    *out = nullptr;
    broker::Opened about = broker->client.open(file);
    const std::size_t each = elements(about.example);
    *out = new tacit_model{*broker, std::move(about), each};
  });
}

tacit_model_info tacit_model_about(const tacit_model* model) {
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

tacit_status tacit_model_run(tacit_model* model, const double* examples, size_t rows, tacit_answer** out,
                             char* message, size_t size) {
  return guarded(message, size, [&] {
    require(model != nullptr && examples != nullptr && out != nullptr,
            "tacit_model_run was given no model, no examples, or no place for an answer");
    *out = nullptr;
    const std::size_t each = model->example_size;
    require(rows > 0 && each > 0 && rows <= broker::kMostBody / sizeof(double) / each,
            "{} rows of {} numbers cannot be asked at a time: ask for 1 to {}", rows, each,
            each > 0 ? broker::kMostBody / sizeof(double) / each : 0);
    broker::Tensor t{model->about.example, {examples, examples + rows * each}};
    t.shape.insert(t.shape.begin(), rows);
    *out = new Answer(model->broker.client.run(model->about.model, std::move(t)));
  });
}

void tacit_answer_free(tacit_answer* answer) { delete static_cast<Answer*>(answer); }

void tacit_model_close(tacit_model* model) {
  if (model == nullptr) return;
  guarded(nullptr, 0, [&] { model->broker.client.close(model->about.model); });
  delete model;
}
