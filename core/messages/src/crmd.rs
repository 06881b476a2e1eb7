//! Messages between controllers, and between the controller and its clients.
