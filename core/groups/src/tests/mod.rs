//! Several nodes' machines on one bus that delivers in one order, and clients that write down what they hear.

mod bus;
mod hostile;
mod life;
mod partitions;
mod real;
mod recorded;

use bus::Bus;
