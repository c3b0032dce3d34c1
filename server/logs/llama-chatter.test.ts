import { describe, expect, it } from 'vitest';
import { LineParser } from './parse.ts';

/** Lines of llama-server build 11669 at verbosity 4: a start, and a chat of one sentence. */
const OUTPUT = `0.00.379.710 I cmn  common_param: device_info:
0.00.381.606 I srv    load_model: loading model '/models/demo.gguf'
0.00.386.240 I llama_model_loader: - kv   0:                       general.architecture str              = llama
0.00.386.772 I load: printing all EOG tokens:
0.00.386.861 I print_info: model params          = 517.54 K
0.00.391.369 I load_tensors: offloaded 33/33 layers to GPU
0.00.393.120 I llama_context: n_ctx                 = 2048
0.00.394.217 I resolve_fused_ops: Flash Attention enabled
0.00.922.610 I slot   load_model: id  0 | task -1 | new slot, n_ctx = 2048
0.00.926.573 I srv          init: init: chat template, example_format: 'system: You are a helpful assistant
user: Hello
'
0.00.926.782 I srv  llama_server: model loaded
0.00.926.789 I srv  llama_server: listening on http://127.0.0.1:38474
0.00.926.873 I srv  update_slots: all slots are idle
0.01.127.654 I srv  server_strea: conv_id= (empty=1)
0.01.127.700 I slot get_availabl: id  0 | task -1 |  - skipping, slot is empty
0.01.136.044 I srv  get_availabl: updating prompt cache
0.01.136.071 I srv          load:  - looking for better prompt, base f_keep = -1.000, f_sim = 0.000
0.01.136.100 I slot launch_slot_: id  0 | task -1 | sampler params: 
	repeat_last_n = 64, repeat_penalty = 1.000, frequency_penalty = 0.000, presence_penalty = 0.000
0.01.136.200 I slot process_sing: id  1 | task -1 | saving idle slot to prompt cache
0.01.136.300 I slot   operator(): id  0 | task 0 | new prompt, n_ctx_slot = 2048, n_keep = 0, task.n_tokens = 28
0.01.136.400 W slot   operator(): id  0 | task 0 | n_past was set to 62
0.01.583.682 I slot print_timing: id  0 | task 0 | prompt eval time =      95.95 ms /    63 tokens (    1.52 ms per token,   656.56 tokens per second)
0.01.583.694 I slot print_timing: id  0 | task 0 |        eval time =      52.19 ms /    15 tokens (    3.73 ms per token,   268.26 tokens per second)
0.01.583.695 I slot print_timing: id  0 | task 0 |       total time =     148.14 ms /    78 tokens
0.01.583.697 I slot print_timing: id  0 | task 0 |    graphs reused =         14
0.01.583.698 I slot print_timing: id  0 | task 0 |   graph reallocs =          0    /     0        (same size) / (changed size)
0.01.583.723 I slot      release: id  0 | task 0 | stop processing: n_tokens = 77, truncated = 0
0.02.374.841 E srv    send_error: task id = 32, error: request (9023 tokens) exceeds the available context size (2048 tokens)
0.02.412.182 I srv    operator(): operator(): cleaning up before exit...`.split('\n');

describe('the log of llama-server', () => {
  it('has at level info what a person wants: progress of the start, tokens and speed, warnings and errors', () => {
    const parser = new LineParser(0);
    const shown = OUTPUT.flatMap((line) => {
      parser.take(line);
      return parser.level === 'debug' ? [] : [parser.message.replace(/ {2,}/g, ' ').slice(0, 64)];
    });
    expect(shown).toEqual([
      'cmn common_param: device_info:',
      "srv load_model: loading model '/models/demo.gguf'",
      'load_tensors: offloaded 33/33 layers to GPU',
      'srv llama_server: model loaded',
      'srv llama_server: listening on http://127.0.0.1:38474',
      'slot operator(): id 0 | task 0 | n_past was set to 62',
      'slot print_timing: id 0 | task 0 | prompt eval time = 95.95 ms /',
      'slot print_timing: id 0 | task 0 | eval time = 52.19 ms / 15 tok',
      'slot print_timing: id 0 | task 0 | total time = 148.14 ms / 78 t',
      'srv send_error: task id = 32, error: request (9023 tokens) excee',
      'srv operator(): operator(): cleaning up before exit...',
    ]);
  });

  it.each([
    ['[ 8081] 0.00.926.873 I srv  update_slots: all slots are idle', 'debug'],
    ['I srv  update_slots: all slots are idle', 'debug'],
    ['W srv  update_slots: no slots left', 'warn'],
    ['0.00.926.873 I srv  log_server_r: request: GET /health 127.0.0.1 200', 'debug'],
    ['0.00.926.873 I srv  log_server_r: request: POST /v1/chat/completions 127.0.0.1 200', 'info'],
    ['0.00.926.873 I something new: a line of a newer build', 'info'],
  ])('grades %j as %s', (line, level) => {
    const parser = new LineParser(0);
    parser.take(line);
    expect(parser.level).toBe(level);
  });
});
