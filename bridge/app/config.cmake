find_package(tomlplusplus REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)

# The configuration, its secrets, and the log: what the program knows before anything runs.
add_library(bridge_config STATIC
  config_accounts.cpp
  config_address.cpp
  config_bus_endpoint.cpp
  config_duration.cpp
  config_problem.cpp
  config_reader.cpp
  config_schema.cpp
  config_sections.cpp
  config_suggestion.cpp
  config_url.cpp
  configuration.cpp
  configuration_changes.cpp
  configuration_description.cpp
  configuration_secrets.cpp
  environments.cpp
  log.cpp
  log_line.cpp
  prepared_configuration.cpp
  repeat_limiter.cpp
  secret_source.cpp)
target_link_libraries(bridge_config
  PUBLIC bridge_core project_options
  PRIVATE bridge_wire tomlplusplus::tomlplusplus spdlog::spdlog fmt::fmt)
