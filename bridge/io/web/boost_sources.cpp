// The parts of Asio and Beast that are no templates. Nothing else is compiled here.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
