//! An independent judge of plans: shares nothing with the scheduler but the model it reads.
