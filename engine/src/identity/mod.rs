//! Who somebody is: users and tokens in the tables and formats of Laravel and Sanctum, guests in our own.
pub mod error;
pub mod password;
pub mod token;
pub mod validate;
mod zoneless;
