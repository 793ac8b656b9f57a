/* Asks a sealed model, which a broker opens, about one example:  ask SOCKET MODEL */
#include <stdio.h>
#include <stdlib.h>

#include "tacit/tacit_runtime.h"

static char words[1024];
static int fails(tacit_status status) {
  if (status != TACIT_OK) fprintf(stderr, "ask: %s\n", words);
  return status != TACIT_OK;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "ask: it is called as ask SOCKET MODEL\n");
    return TACIT_USAGE;
  }
  tacit_broker* broker = NULL;
  tacit_model* model = NULL;
  tacit_answer* answer = NULL;
  double* example = NULL;
  tacit_status status = tacit_broker_connect(argv[1], &broker, words, sizeof words);
  if (!fails(status)) status = tacit_broker_open(broker, argv[2], &model, words, sizeof words);
  if (broker != NULL && !fails(status)) {
    const tacit_model_info about = tacit_info(model);
    example = malloc(about.example_size * sizeof *example);
    if (example == NULL) return TACIT_IO;
    for (size_t i = 0; i < about.example_size; ++i) example[i] = 0.5;
    status = tacit_run(model, example, 1, &answer, words, sizeof words);
    if (!fails(status)) {
      printf("%s, by %s, at level %u\n", about.name, about.vendor, about.level);
      for (size_t i = 0; i < answer->size; ++i) printf("%.9g\n", answer->values[i]);
    }
  }
  free(example);
  tacit_answer_free(answer);
  tacit_close(model);
  tacit_broker_leave(broker);
  return (int)status;
}
