// SPDX-License-Identifier: Apache-2.0
#include "debugger/server.h"

#include <fcntl.h>
#include <poll.h>

#include <array>
#include <boost/asio.hpp>
#include <chrono>
#include <sstream>

#include "debugger/packet.h"
#include "errors.h"

namespace epoch::gdb {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr int kSendTimeoutMs = 5000;
constexpr unsigned kMostHandled = 16;

void set_inherited(int descriptor, bool inherited) {
  ::fcntl(descriptor, F_SETFD, inherited ? 0 : FD_CLOEXEC);
}

}  // namespace

struct Server::Sockets {
  asio::io_context context;
  tcp::acceptor acceptor{context};
  tcp::socket peer{context};
  tcp::socket next{context};
  std::array<char, 4096> buffer{};
  std::string received;
  unsigned refused = 0;

  void accept() {
    acceptor.async_accept(next, [this](const Error& error) {
      if (error == asio::error::operation_aborted) return;
      if (!error) take_next();
      accept();
    });
  }

  void take_next() {
    set_inherited(next.native_handle(), false);
    if (!peer.is_open()) {
      peer = std::move(next);
      begin();
    } else {
      // In words for a person who looks at what comes in; GDB says that the connection was closed.
      Error ignored;
      const std::string why = encode_packet("E.another debugger is connected");
      next.non_blocking(true, ignored);
      next.write_some(asio::buffer(why), ignored);
      next.close(ignored);
      ++refused;
    }
    next = tcp::socket(context);
  }

  void begin() {
    Error ignored;
    peer.set_option(tcp::no_delay(true), ignored);
    peer.non_blocking(true, ignored);
    receive();
  }

  void receive() {
    peer.async_read_some(asio::buffer(buffer), [this](const Error& error, std::size_t count) {
      if (error == asio::error::operation_aborted) return;
      if (error) return drop();
      received.append(buffer.data(), count);
      receive();
    });
  }

  void drop() {
    Error ignored;
    peer.close(ignored);
  }

  bool writable() {
    pollfd waits{peer.native_handle(), POLLOUT, 0};
    return ::poll(&waits, 1, kSendTimeoutMs) == 1;
  }

  // A peer that never stops sending gets no further than this at a time.
  void run(std::chrono::milliseconds most) {
    if (context.stopped()) context.restart();
    if (most.count() != 0) context.run_one_for(most);
    for (unsigned handled = 0; handled < kMostHandled && context.poll_one() != 0; ++handled) {
    }
  }
};

Server::Server(std::uint16_t port) : sockets_(std::make_unique<Sockets>()) {
  const tcp::endpoint here(asio::ip::address_v4::loopback(), port);
  tcp::acceptor& acceptor = sockets_->acceptor;
  Error error;
  acceptor.open(here.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(here, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw UnavailableError("--gdb " + std::to_string(port) + ": port " + std::to_string(port) +
                           " of 127.0.0.1 cannot be had (" + error.message() +
                           "); --gdb 0 takes a free one");
  }
  set_inherited(acceptor.native_handle(), false);
  sockets_->accept();
}

Server::Server(const std::string& handed_over) : sockets_(std::make_unique<Sockets>()) {
  std::istringstream numbers(handed_over);
  int listening = -1, connected = -1;
  numbers >> listening >> connected;
  Error error;
  sockets_->acceptor.assign(tcp::v4(), listening, error);
  if (!error) sockets_->peer.assign(tcp::v4(), connected, error);
  if (error) throw UnavailableError("the debugger's connection is lost: " + error.message());
  set_inherited(listening, false);
  set_inherited(connected, false);
  sockets_->accept();
  sockets_->begin();
}

Server::~Server() = default;

std::string Server::hand_over() {
  const int listening = sockets_->acceptor.native_handle();
  const int connected = sockets_->peer.native_handle();
  set_inherited(listening, true);
  set_inherited(connected, true);
  return std::to_string(listening) + " " + std::to_string(connected);
}

std::uint16_t Server::port() const {
  Error ignored;
  return sockets_->acceptor.local_endpoint(ignored).port();
}

bool Server::connected() const {
  return sockets_->peer.is_open();
}

unsigned Server::refused() const {
  return sockets_->refused;
}

void Server::poll() {
  sockets_->run(std::chrono::milliseconds(0));
}

void Server::wait_ms(unsigned most) {
  sockets_->run(std::chrono::milliseconds(most));
}

std::string Server::take_received() {
  return std::exchange(sockets_->received, {});
}

void Server::send(std::string_view bytes) {
  while (!bytes.empty() && connected()) {
    Error error;
    const std::size_t sent = sockets_->peer.write_some(asio::buffer(bytes), error);
    bytes.remove_prefix(sent);
    if (error == asio::error::would_block && sockets_->writable()) continue;
    if (error) sockets_->drop();
  }
}

void Server::disconnect() {
  if (connected()) {
    Error ignored;
    sockets_->peer.shutdown(tcp::socket::shutdown_both, ignored);
  }
  sockets_->drop();
}

}  // namespace epoch::gdb
