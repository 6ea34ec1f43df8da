// SPDX-License-Identifier: Apache-2.0
//
// What a command and a DMA burst cost the simulator: CPU time inside the device, memories that
// answer at once in zero host time. Prints `name value unit`, medians of five.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/cpu_time.h"
#include "descriptors.h"
#include "epochcore/epochcore.h"

using namespace epoch;

namespace {

constexpr std::uint32_t local = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

// The other end of the device's sockets, without the testers' checks and logs.
struct Board : sc_core::sc_module {
  EpochCore core{"core", EpochCoreConfig{}};
  tlm_utils::simple_initiator_socket<Board> csr{"csr"};
  tlm_utils::simple_initiator_socket<Board> window{"window"};
  tlm_utils::simple_target_socket<Board> memory{"memory"};
  tlm_utils::simple_target_socket<Board> ring{"ring"};
  sc_core::sc_signal<bool> irq{"irq"};
  std::vector<unsigned char> ring_bytes = std::vector<unsigned char>(4096 * sizeof(Descriptor));
  std::uint32_t tail = 0;

  explicit Board(const sc_core::sc_module_name& module_name) : sc_module(module_name) {
    csr.bind(core.csr);
    window.bind(core.debug);
    core.dma.bind(memory);
    core.commands.bind(ring);
    core.irq.bind(irq);
    memory.register_b_transport(this, &Board::serve_memory);
    ring.register_b_transport(this, &Board::serve_ring);
    SC_HAS_PROCESS(Board);
    SC_THREAD(measure);
  }
  void serve_memory(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    delay += sc_core::sc_time(60, sc_core::SC_NS);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
  void serve_ring(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    std::memcpy(payload.get_data_ptr(), ring_bytes.data() + payload.get_address(),
                payload.get_data_length());
    serve_memory(payload, delay);
  }
  void access(tlm::tlm_command command, std::uint32_t offset, std::uint32_t& value) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(offset);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    sc_core::sc_time delay;
    csr->b_transport(payload, delay);
  }
  void write(std::uint32_t offset, std::uint32_t value) {
    access(tlm::TLM_WRITE_COMMAND, offset, value);
  }
  std::uint32_t read(std::uint32_t offset) {
    std::uint32_t value = 0;
    access(tlm::TLM_READ_COMMAND, offset, value);
    return value;
  }
  // Runs a full ring of `commands` in turn; ends the benchmark if they do not retire.
  void round(const std::vector<Descriptor>& commands) {
    for (unsigned i = 0; i < 4096; ++i, ++tail)
      std::memcpy(ring_bytes.data() + (tail % 4096) * sizeof(Descriptor),
                  commands[i % commands.size()].data(), sizeof(Descriptor));
    write(EPOCH_REG_RING_TAIL, tail);
    for (int i = 0; i < 1000 && read(EPOCH_REG_COMPLETED) != tail; ++i)
      sc_core::wait(100, sc_core::SC_US);
    if (read(EPOCH_REG_COMPLETED) != tail) {
      std::fprintf(stderr, "bench_epochcore: commands did not retire, error 0x%x\n",
                   read(EPOCH_REG_ERROR_CODE));
      std::exit(1);
    }
  }
  double seconds(const std::vector<Descriptor>& commands) {
    std::array<double, 5> times{};
    for (double& time : times) {
      const double start = test::cpu_seconds();
      round(commands);
      time = test::cpu_seconds() - start;
    }
    std::nth_element(times.begin(), times.begin() + 2, times.end());
    return times[2];
  }
  void measure() {
    write(EPOCH_REG_RING_SIZE, 4096);
    write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
    const double nop = seconds({control_command(EPOCH_OP_NOP)}) / 4096;
    std::printf("command_nop %.2f us\n", 1e6 * nop);
    const double load = seconds({dma_command(EPOCH_OP_LOAD, 0, local, 4096)}) / 4096;
    std::printf("command_load_4k %.2f us\n", 1e6 * load);
    std::printf("dma_burst %.3f us\n", 1e6 * load / 16);
    const double grid = seconds({coeff_command(EPOCH_MODE_REAL, 8, 8, coefficients),
                                 array_command(EPOCH_MODE_REAL, 8, 8, 8, local, local + 4096)}) /
                        4096;
    std::printf("command_grid_small %.2f us\n", 1e6 * grid);
    sc_core::sc_stop();
  }
};

}  // namespace

int sc_main(int, char**) {
  Board board("board");
  sc_core::sc_start();
  return 0;
}
