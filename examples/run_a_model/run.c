/* Opens a sealed model in this process and asks it about one example:  run KEYS MODEL [SERVER] */
#include <stdio.h>
#include <stdlib.h>

#include "tacit/tacit_runtime.h"

int main(int argc, char** argv) {
  char words[1024] = "it is called as run KEYS MODEL [SERVER]";
  tacit_model* model = NULL;
  tacit_answer* answer = NULL;
  tacit_status status = TACIT_USAGE;
  if (argc == 3) status = tacit_open(argv[1], argv[2], 1, &model, words, sizeof words);
  if (argc == 4) status = tacit_open_split(argv[1], argv[2], argv[3], 1, &model, words, sizeof words);
  if (status == TACIT_OK) {
    const tacit_model_info info = tacit_info(model);
    double* example = malloc(info.example_size * sizeof *example);
    if (example == NULL) return TACIT_IO;
    for (size_t i = 0; i < info.example_size; ++i) example[i] = 0.5;
    status = tacit_run(model, example, 1, &answer, words, sizeof words);
    free(example);
  }
  if (status == TACIT_OK) {
    const tacit_model_info info = tacit_info(model);
    printf("%s, by %s, at level %u\n", info.name, info.vendor, info.level);
    for (size_t i = 0; i < answer->size; ++i) printf("%.9g\n", answer->values[i]);
  } else {
    fprintf(stderr, "run: %s\n", words);
  }
  tacit_answer_free(answer);
  tacit_close(model);
  return (int)status;
}
