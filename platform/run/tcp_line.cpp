// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <optional>

#include "errors.h"
#include "run/uart_line.h"

namespace epoch {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kWaitMs = 100;

// Waits on the descriptor of a socket for a moment; true if it is ready.
bool ready(int descriptor, short events) {
  pollfd waited{descriptor, events, 0};
  return ::poll(&waited, 1, kWaitMs) > 0;
}

class TcpLine : public UartOutput, public UartInput {
 public:
  explicit TcpLine(unsigned port) : acceptor_(context_) {
    const tcp::endpoint loopback(asio::ip::address_v4::loopback(),
                                 static_cast<unsigned short>(port));
    try {
      acceptor_.open(tcp::v4());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(loopback);
      acceptor_.listen(1);
      acceptor_.non_blocking(true);
    } catch (const boost::system::system_error& problem) {
      throw UnavailableError("uart.output: tcp:" + std::to_string(port) +
                             ": cannot listen on 127.0.0.1: " + problem.code().message());
    }
  }
  ~TcpLine() override { hang_up(); }
  TcpLine(const TcpLine&) = delete;
  TcpLine& operator=(const TcpLine&) = delete;

  void await_listener(const GiveUp& give_up) override {
    give_up_ = give_up;
    std::fprintf(stderr, "epochvp: uart: waiting for a connection to 127.0.0.1 port %u\n",
                 static_cast<unsigned>(acceptor_.local_endpoint().port()));
    while (!connected() && !give_up()) ready(acceptor_.native_handle(), POLLIN);
  }

  void write(const char* bytes, std::size_t count) override {
    while (count != 0 && connected()) {
      error_code error;
      const std::size_t written = client_->write_some(asio::buffer(bytes, count), error);
      bytes += written;
      count -= written;
      if (error == asio::error::would_block) {
        if (give_up_ && give_up_()) return;
        ready(client_->native_handle(), POLLOUT);
      } else if (error) {
        client_.reset();
      }
    }
  }

  std::string read(std::size_t most) override {
    if (most == 0 || !connected()) return "";
    std::string bytes(most, '\0');
    error_code error;
    bytes.resize(client_->read_some(asio::buffer(bytes), error));
    if (error && error != asio::error::would_block) client_.reset();
    return bytes;
  }

  Wait wait() override {
    const int descriptor = connected() ? client_->native_handle() : acceptor_.native_handle();
    return ready(descriptor, POLLIN) ? Wait::ready : Wait::nothing_yet;
  }

 private:
  // Whether somebody is there; takes in who waits at the door.
  bool connected() {
    if (client_) return true;
    error_code error;
    tcp::socket client(context_);
    acceptor_.accept(client, error);
    if (error) return false;
    client.non_blocking(true, error);
    client.set_option(tcp::no_delay(true), error);
    client_.emplace(std::move(client));
    return true;
  }

  // Everything sent arrives: unread input would turn the end into a reset, which may overtake it.
  void hang_up() {
    if (!client_) return;
    error_code error;
    client_->shutdown(tcp::socket::shutdown_send, error);
    char unread[4096];
    for (int i = 0; i < 1000 && !error; ++i) client_->read_some(asio::buffer(unread), error);
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::optional<tcp::socket> client_;
  GiveUp give_up_;
};

}  // namespace

UartLine make_tcp_line(unsigned port) {
  const auto line = std::make_shared<TcpLine>(port);
  return {line, line};
}

}  // namespace epoch
