// Sealed models from C++: tacit_runtime.h with owners and exceptions. Needs C++17 and -ltacit_runtime, and
// nothing else of tacit.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tacit/tacit_runtime.h"

namespace tacit_runtime {

/// What tacit, a broker, or this machine refuses: one sentence.
class Error : public std::runtime_error {
 public:
  Error(tacit_status status, const char* words) : std::runtime_error(words), status_(status) {}
  tacit_status status() const { return status_; }

 private:
  tacit_status status_;
};

/// Numbers row after row, the last axis fastest; the first axis counts rows.
struct Answer {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

namespace detail {

template <class Call>
void check(Call&& call) {
  char words[1024] = "";
  if (const tacit_status status = call(words, sizeof words); status != TACIT_OK) throw Error(status, words);
}

}  // namespace detail

/// An open model. One that a broker opened keeps its connection alive.
class Model {
 public:
  /// Opens it within this process, as the device of a key folder. `threads`: 0 for all processors. Error.
  Model(const std::string& keys, const std::string& file, unsigned threads = 0)
      : model_(nullptr, tacit_close) {
    tacit_model* raw = nullptr;
    detail::check([&](char* words, std::size_t size) {
      return tacit_open(keys.c_str(), file.c_str(), threads, &raw, words, size);
    });
    model_.reset(raw);
  }

  /// The same of a model of level 3, whose vendor's server is asked in each run. `server`: where, as
  /// host:port; empty for where the file says. Error.
  static Model split(const std::string& keys, const std::string& file, const std::string& server = "",
                     unsigned threads = 0) {
    tacit_model* raw = nullptr;
    detail::check([&](char* words, std::size_t size) {
      return tacit_open_split(keys.c_str(), file.c_str(), server.c_str(), threads, &raw, words, size);
    });
    return Model(nullptr, raw);
  }

  tacit_model_info info() const { return tacit_info(model_.get()); }
  /// Of `rows` examples that lie one after the other. Any threads may call it at a time. Error.
  Answer run(const std::vector<double>& examples, std::size_t rows) const {
    const std::size_t each = info().example_size;
    if (rows == 0 || examples.size() % rows != 0 || examples.size() / rows != each)
      throw Error(TACIT_USAGE,
                  ("the examples have " + std::to_string(examples.size()) + " numbers, which are not " +
                   std::to_string(rows) + " rows of " + std::to_string(each))
                      .c_str());
    tacit_answer* raw = nullptr;
    detail::check([&](char* words, std::size_t size) {
      return tacit_run(model_.get(), examples.data(), rows, &raw, words, size);
    });
    const std::unique_ptr<tacit_answer, void (*)(tacit_answer*)> answer(raw, tacit_answer_free);
    return {{raw->extents, raw->extents + raw->axes}, {raw->values, raw->values + raw->size}};
  }

 private:
  friend class Broker;
  Model(std::shared_ptr<tacit_broker> broker, tacit_model* model)
      : broker_(std::move(broker)), model_(model, tacit_close) {}
  // In this order, so that the model is closed before its broker is left.
  std::shared_ptr<tacit_broker> broker_;
  std::unique_ptr<tacit_model, void (*)(tacit_model*)> model_;
};

class Broker {
 public:
  /// Error if none answers at `socket`, or it does not serve this user.
  explicit Broker(const std::string& socket) {
    tacit_broker* raw = nullptr;
    detail::check([&](char* words, std::size_t size) {
      return tacit_broker_connect(socket.c_str(), &raw, words, size);
    });
    broker_.reset(raw, tacit_broker_leave);
  }
  /// Error.
  Model open(const std::string& file) const {
    tacit_model* raw = nullptr;
    detail::check([&](char* words, std::size_t size) {
      return tacit_broker_open(broker_.get(), file.c_str(), &raw, words, size);
    });
    return Model(broker_, raw);
  }

 private:
  std::shared_ptr<tacit_broker> broker_;
};

}  // namespace tacit_runtime
