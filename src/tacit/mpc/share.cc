#include "tacit/mpc/share.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

Share Share::numbers(Shape shape, unsigned frac, std::size_t parts, Form form) {
  Share x{Domain::Arith, form, frac, 0, std::move(shape), {}};
  for (std::size_t p = 0; p < parts; ++p) x.parts.emplace_back(x.shape);
  return x;
}

Share Share::bit_planes(Shape shape, unsigned bits, std::size_t parts, Form form) {
  Share x{Domain::Bool, form, 0, bits, std::move(shape), {}};
  for (std::size_t p = 0; p < parts; ++p) x.parts.emplace_back(Shape{bits, plane_words(x.size())});
  return x;
}

namespace {

Share like(const Share& x, Shape shape) {
  Share out = x.domain == Domain::Arith ? Share::numbers(std::move(shape), x.frac, x.parts.size(), x.form)
                                        : Share::bit_planes(std::move(shape), x.bits, x.parts.size(), x.form);
  out.bounds = bounds_of_part(x.bounds);
  return out;
}

bool bit_at(const Word* plane, std::size_t i) { return plane[i / 64] >> (i % 64) & 1; }

}  // namespace

Share reshape(Share x, Shape shape) {
  ensure(elements(shape) == x.size(), "reshape keeps the number of elements");
  x.shape = std::move(shape);
  if (x.domain == Domain::Arith)
    for (auto& part : x.parts) part.shape = x.shape;
  return x;
}

Share gather(const Share& x, std::span<const std::size_t> indices, Shape shape) {
  ensure(elements(shape) == indices.size(), "gather fills its shape");
  Share out = like(x, std::move(shape));
  if (out.bounds != nullptr && std::find(indices.begin(), indices.end(), kZero) != indices.end())
    *out.bounds = out.bounds->joined({0, 0});
  for (std::size_t p = 0; p < x.parts.size(); ++p) {
    const Word* from = x.parts[p].data();
    Word* to = out.parts[p].data();
    if (x.domain == Domain::Arith) {
      for (std::size_t i = 0; i < indices.size(); ++i) to[i] = indices[i] == kZero ? 0 : from[indices[i]];
      continue;
    }
    const std::size_t from_words = plane_words(x.size()), to_words = plane_words(indices.size());
    std::fill(out.parts[p].words.begin(), out.parts[p].words.end(), 0);
    for (unsigned b = 0; b < x.bits; ++b)
      for (std::size_t i = 0; i < indices.size(); ++i)
        if (indices[i] != kZero)
          to[b * to_words + i / 64] |= Word{bit_at(from + b * from_words, indices[i])} << (i % 64);
  }
  return out;
}

void each_row(std::size_t offset, std::span<const std::size_t> given_strides, const Shape& given_shape,
              const std::function<void(std::size_t, std::size_t, std::size_t, std::size_t)>& row) {
  // Axes that continue one another are taken as one, so that rows are as long as can be.
  Shape shape;
  std::vector<std::size_t> strides;
  for (std::size_t i = 0; i < given_shape.size(); ++i) {
    if (!shape.empty() && strides.back() == given_strides[i] * given_shape[i]) {
      shape.back() *= given_shape[i];
      strides.back() = given_strides[i];
    } else {
      shape.push_back(given_shape[i]);
      strides.push_back(given_strides[i]);
    }
  }
  if (shape.empty()) return row(0, offset, 1, 0);
  const std::size_t length = shape.back(), step = strides.back();
  const std::size_t rows = length == 0 ? 0 : elements(shape) / length;
  std::vector<std::size_t> at(shape.size(), 0);
  for (std::size_t r = 0; r < rows; ++r) {
    row(r * length, offset, length, step);
    for (std::size_t axis = shape.size() - 1; axis-- > 0;) {
      offset += strides[axis];
      if (++at[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
}

Share strided(const Share& x, std::size_t offset, std::span<const std::size_t> strides, Shape shape) {
  ensure(strides.size() == shape.size(), "one stride an axis");
  Share out = like(x, std::move(shape));
  for (std::size_t p = 0; p < x.parts.size(); ++p) {
    const Word* from = x.parts[p].data();
    Word* to = out.parts[p].data();
    if (x.domain == Domain::Arith) {
      each_row(offset, strides, out.shape,
               [&](std::size_t i, std::size_t at, std::size_t length, std::size_t step) {
                 if (step == 1)
                   std::copy_n(from + at, length, to + i);
                 else
                   for (std::size_t j = 0; j < length; ++j) to[i + j] = from[at + j * step];
               });
      continue;
    }
    const std::size_t from_words = plane_words(x.size()), to_words = plane_words(out.size());
    std::fill(out.parts[p].words.begin(), out.parts[p].words.end(), 0);
    for (unsigned b = 0; b < x.bits; ++b)
      each_row(offset, strides, out.shape,
               [&](std::size_t i, std::size_t at, std::size_t length, std::size_t step) {
                 for (std::size_t j = 0; j < length; ++j)
                   to[b * to_words + (i + j) / 64] |= Word{bit_at(from + b * from_words, at + j * step)}
                                                      << ((i + j) % 64);
               });
  }
  return out;
}

void place(Share& to, std::size_t offset, std::span<const std::size_t> strides, const Share& x) {
  ensure(to.domain == Domain::Arith && x.domain == Domain::Arith && to.parts.size() == x.parts.size() &&
             to.frac == x.frac && to.form == x.form,
         "place puts numbers among numbers of their kind");
  to.bounds = bounds_of_both(to.bounds, x.bounds);  // a new record: copies of `to` do not change with it
  for (std::size_t p = 0; p < x.parts.size(); ++p) {
    const Word* from = x.parts[p].data();
    Word* out = to.parts[p].data();
    each_row(offset, strides, x.shape,
             [&](std::size_t i, std::size_t at, std::size_t length, std::size_t step) {
               if (step == 1)
                 std::copy_n(from + i, length, out + at);
               else
                 for (std::size_t j = 0; j < length; ++j) out[at + j * step] = from[i + j];
             });
  }
}

Share join(std::span<const Share* const> shares) {
  ensure(!shares.empty(), "join needs a share");
  const Share& first = *shares.front();
  std::size_t n = 0;
  for (const Share* s : shares) {
    ensure(s->domain == first.domain && s->form == first.form && s->frac == first.frac &&
               s->bits == first.bits && s->parts.size() == first.parts.size(),
           "only shares of one kind are joined");
    n += s->size();
  }
  Share out = like(first, {n});
  for (const Share* s : shares) out.bounds = bounds_of_both(out.bounds, s->bounds);
  for (std::size_t p = 0; p < first.parts.size(); ++p) {
    if (first.domain == Domain::Arith) {
      Word* to = out.parts[p].data();
      for (const Share* s : shares) to = std::copy(s->parts[p].words.begin(), s->parts[p].words.end(), to);
      continue;
    }
    const std::size_t words = plane_words(n);
    std::fill(out.parts[p].words.begin(), out.parts[p].words.end(), 0);
    for (unsigned b = 0; b < first.bits; ++b) {
      Word* to = out.parts[p].data() + b * words;
      std::size_t at = 0;
      for (const Share* s : shares) {
        const std::size_t count = s->size(), own = plane_words(count);
        const Word* from = s->parts[p].data() + b * own;
        for (std::size_t w = 0; w < own; ++w) {
          const std::size_t left = std::min<std::size_t>(64, count - 64 * w);
          const Word bits = left == 64 ? from[w] : from[w] & ((Word{1} << left) - 1);
          to[at / 64] |= bits << (at % 64);
          if (at % 64 + left > 64) to[at / 64 + 1] |= bits >> (64 - at % 64);
          at += left;
        }
      }
    }
  }
  return out;
}

std::vector<Share> split(const Share& joined, std::span<const Shape> shapes) {
  std::vector<Share> out;
  std::size_t at = 0;
  for (const Shape& shape : shapes) {
    Share s = like(joined, shape);
    const std::size_t n = elements(shape);
    for (std::size_t p = 0; p < joined.parts.size(); ++p) {
      const Word* from = joined.parts[p].data();
      if (joined.domain == Domain::Arith) {
        std::copy_n(from + at, n, s.parts[p].data());
        continue;
      }
      const std::size_t words = plane_words(joined.size()), own = plane_words(n);
      for (unsigned b = 0; b < joined.bits; ++b)
        for (std::size_t w = 0; w < own; ++w) {
          const std::size_t bit = at + 64 * w;
          Word bits = from[b * words + bit / 64] >> (bit % 64);
          if (bit % 64 != 0 && bit / 64 + 1 < words)
            bits |= from[b * words + bit / 64 + 1] << (64 - bit % 64);
          s.parts[p].words[b * own + w] = bits;
        }
    }
    at += n;
    out.push_back(std::move(s));
  }
  ensure(at == joined.size(), "split takes all");
  return out;
}

}  // namespace tacit
