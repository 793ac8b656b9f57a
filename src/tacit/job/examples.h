// Rows of all owners' uploads as secret examples: what the trainer draws its batches from.
#pragma once

#include "tacit/job/upload.h"

namespace tacit {

class SharedExamples final : public nn::Examples {
 public:
  enum class Part { Train, Test, All };
  /// The uploads must outlive this. UsageError if they do not fit together.
  SharedExamples(const Job& job, std::span<const Upload> uploads, Part part);

  std::size_t rows() const override { return rows_; }
  Batch batch(fn::Ctx&, std::span<const std::size_t> rows) override;

 private:
  /// A run of rows of one upload (with different columns, of each).
  struct Run {
    std::size_t upload, first_row;
    std::size_t end;  ///< behind its last, counted from the first of all runs
  };
  struct Place {
    std::size_t upload, row;
  };
  Place place(std::size_t row) const;
  /// Words of some rows of one component, in the encoded order.
  void read(std::size_t component, std::span<const std::size_t> rows, Word* features, Word* targets) const;

  Shape example_;
  std::size_t features_, targets_;
  EncodedRange feature_range_, target_range_;  ///< as declared; checked where overflow is guarded against
  bool by_columns_;
  std::span<const Upload> uploads_;
  std::vector<Run> runs_;
  std::size_t rows_ = 0;
};

/// Whether uploads of different columns, or of different rows, can be joined: UsageError that says what is
/// wrong.
void check_uploads(const Job& job, std::span<const Upload> uploads);

}  // namespace tacit
