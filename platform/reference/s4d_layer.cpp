// SPDX-License-Identifier: Apache-2.0
#include "reference/s4d_layer.h"

#include <complex>

#include "reference/fft.h"

namespace epoch {

std::vector<double> S4dLayer::recurrence(const std::vector<double>& u) const {
  const std::size_t steps = u.size() / channels;
  std::vector<double> y(u.size());
  std::vector<double> x_re(channels * modes, 0.0);
  std::vector<double> x_im(channels * modes, 0.0);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const double input = u[step * channels + channel];
      double sum = 0;
      for (std::size_t i = channel * modes; i < (channel + 1) * modes; ++i) {
        const double re = a_re[i] * x_re[i] - a_im[i] * x_im[i] + b_re[i] * input;
        const double im = a_re[i] * x_im[i] + a_im[i] * x_re[i] + b_im[i] * input;
        x_re[i] = re;
        x_im[i] = im;
        sum += c_re[i] * re - c_im[i] * im;
      }
      y[step * channels + channel] = 2 * sum + d[channel] * input;
    }
  }
  return y;
}

std::vector<double> S4dLayer::kernel(std::size_t channel, std::size_t steps) const {
  std::vector<double> result(steps, 0.0);
  for (std::size_t i = channel * modes; i < (channel + 1) * modes; ++i) {
    const double scale_re = 2 * (c_re[i] * b_re[i] - c_im[i] * b_im[i]);
    const double scale_im = 2 * (c_re[i] * b_im[i] + c_im[i] * b_re[i]);
    const std::complex<double> logarithm = std::log(std::complex<double>(a_re[i], a_im[i]));
    for (std::size_t t = 0; t < steps; ++t) {
      const std::complex<double> power = std::exp(static_cast<double>(t) * logarithm);
      result[t] += scale_re * power.real() - scale_im * power.imag();
    }
  }
  return result;
}

std::vector<double> S4dLayer::convolution(const std::vector<double>& u) const {
  const std::size_t steps = u.size() / channels;
  std::size_t size = 1;
  while (size < 2 * steps) {
    size *= 2;
  }
  const Fft fft(size);
  std::vector<double> y(u.size());
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const std::vector<double> impulse = kernel(channel, steps);
    std::vector<std::complex<double>> response(size);
    std::vector<std::complex<double>> signal(size);
    for (std::size_t t = 0; t < steps; ++t) {
      response[t] = impulse[t];
      signal[t] = u[t * channels + channel];
    }
    fft.forward(response);
    fft.forward(signal);
    for (std::size_t k = 0; k < size; ++k) {
      signal[k] *= response[k];
    }
    fft.inverse(signal);
    for (std::size_t t = 0; t < steps; ++t) {
      y[t * channels + channel] = signal[t].real() + d[channel] * u[t * channels + channel];
    }
  }
  return y;
}

}  // namespace epoch
