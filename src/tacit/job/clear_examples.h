// All owners' rows in one place, joined as the parties join them, as examples for the engines that hide
// nothing: for drivers on public data, who hold a private run against a clear one.
#pragma once

#include "tacit/job/job.h"
#include "tacit/secret/gate.h"

namespace tacit::clear {

struct Table {
  std::size_t rows = 0, features = 0, targets = 0;
  Shape example;
  std::vector<double> x, y;  ///< row after row, encoded as the schema says and not rounded
};

struct Tables {
  Table train, test;
};

/// `files` are those of the job's data owners, in the job's order. UsageError, naming file and place, for
/// what does not fit the schema.
Tables load(const Job& job, const std::vector<DataFiles>& files);

/// Batches of a table, which must outlive this.
class Examples final : public nn::Examples {
 public:
  explicit Examples(const Table& table) : t_(table) {}
  std::size_t rows() const override { return t_.rows; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override;

 private:
  const Table& t_;
};

/// Opens what is no secret to its one party.
template <class E>
PublicTensor value_of(Engine& engine, const Secret<E>& x) {
  RevealPolicy policy({{"clear", {"clear"}, "there is nobody else", 1}}, {"clear"});
  Ledger ledger;
  return *Gate::reveal(engine, ledger, x, policy.permit("clear")).opened;
}

}  // namespace tacit::clear
