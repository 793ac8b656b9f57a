/* Sealed models from C, in one of three ways.
 *
 * tacit_open opens a model of level 1 or 4 within this process, with a device's key folder: the model's
 * weights then lie in this process's memory. tacit_open_split opens one of level 3 in the same way, but for a
 * segment of it that stays with its vendor: each run asks the vendor's server, which never sees the data
 * (docs/segments.md). Through a broker (docs/broker.md) a model of level 2 is opened in a process of its own,
 * and no key and no weight is ever in this one. tacit_info says which level it is.
 *
 * Link with -ltacit_runtime. Every function that can fail returns a tacit_status and, unless that is
 * TACIT_OK, puts one sentence into `message`, cut to `size` bytes and ended by a zero; `message` may be NULL.
 * Numbers are doubles (and computed with as float32), and tensors lie row after row, the last axis fastest.
 * Any threads may run a model at a time; through a broker, or with a vendor's server, they take turns. */
#ifndef TACIT_RUNTIME_H
#define TACIT_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TACIT_API __attribute__((visibility("default")))

/* The same numbers as the exit codes of the command line. */
typedef enum tacit_status {
  TACIT_OK = 0,
  TACIT_BUG = 1, /* of tacit's */
  /* yours: a wrong argument, file or model; also a model that expired, or is not for this device, or whose
   * vendor allows no more questions now */
  TACIT_USAGE = 2,
  TACIT_IO = 3,   /* this machine failed: no broker there, a file that cannot be read, no memory */
  TACIT_PEER = 4, /* the broker, or the vendor's server, left, does not answer, or spoke out of turn */
  TACIT_CHEAT = 5 /* the model is not what its vendor made */
} tacit_status;

typedef struct tacit_broker tacit_broker;
typedef struct tacit_model tacit_model;

/* What anybody may know of an open model. Lives as long as the model. */
typedef struct tacit_model_info {
  unsigned level;        /* 1, 3 or 4 within this process, 2 through a broker */
  const char* name;      /* UTF-8 */
  const char* vendor;    /* UTF-8: under whose signature it came */
  int64_t expires;       /* seconds since 1970, UTC; INT64_MAX for never */
  size_t axes;           /* of one example, without the axis that counts examples */
  const size_t* extents; /* of each of its axes */
  size_t example_size;   /* numbers in one example */
} tacit_model_info;

/* An answer: as many rows as there were examples. */
typedef struct tacit_answer {
  size_t axes; /* at least 1; the first counts rows */
  const size_t* extents;
  size_t size; /* numbers in all */
  const double* values;
} tacit_answer;

/* Opens a sealed file within this process, as the device of a key folder ('tacit device init'). `threads`:
 * that a run may use; 0 for all processors. */
TACIT_API tacit_status tacit_open(const char* keys, const char* file, unsigned threads, tacit_model** model,
                                  char* message, size_t size);

/* The same for a model of level 3. `server`: where the vendor's server is asked, as "host:port"; NULL or ""
 * for where the file says. Nothing is asked before the first run, and each run is a session of its own: it
 * counts against what the vendor allows, waits its turn at the server, and gives all answers or none. */
TACIT_API tacit_status tacit_open_split(const char* keys, const char* file, const char* server,
                                        unsigned threads, tacit_model** model, char* message, size_t size);

/* Connects to the broker at a socket, and leaves it: its models are closed then, and what remains of them is
 * to be given to tacit_close first. */
TACIT_API tacit_status tacit_broker_connect(const char* socket, tacit_broker** broker, char* message,
                                            size_t size);
TACIT_API void tacit_broker_leave(tacit_broker* broker);
/* Opens a sealed file, which this program must be able to read, and nobody else. */
TACIT_API tacit_status tacit_broker_open(tacit_broker* broker, const char* file, tacit_model** model,
                                         char* message, size_t size);

TACIT_API tacit_model_info tacit_info(const tacit_model* model);
/* `examples`: rows times example_size finite numbers. The answer is given back with tacit_answer_free. */
TACIT_API tacit_status tacit_run(const tacit_model* model, const double* examples, size_t rows,
                                 tacit_answer** answer, char* message, size_t size);
TACIT_API void tacit_answer_free(tacit_answer* answer);
/* Never fails: if the broker has left, there is nothing to close. NULL is nothing, as in all that give back.
 */
TACIT_API void tacit_close(tacit_model* model);

#ifdef __cplusplus
}
#endif

#endif
