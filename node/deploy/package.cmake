# The Debian package: programs, unit, user, guide. `./run package` builds it with CPack.
set(deploy ${CMAKE_CURRENT_LIST_DIR})
install(TARGETS muster muster-sim RUNTIME DESTINATION bin)
install(FILES ${deploy}/muster.service DESTINATION lib/systemd/system)
install(FILES ${deploy}/muster.sysusers DESTINATION lib/sysusers.d RENAME muster.conf)
install(FILES ${deploy}/muster.tmpfiles DESTINATION lib/tmpfiles.d RENAME muster.conf)
install(FILES ${deploy}/muster.default DESTINATION /etc/default RENAME muster)
install(FILES ${deploy}/haproxy.cfg ${deploy}/kubernetes.yaml DESTINATION share/doc/muster/examples)
install(FILES README.md ARCHITECTURE.md ${deploy}/debian/copyright DESTINATION share/doc/muster)
install(FILES simulation/README.md DESTINATION share/doc/muster RENAME SIMULATION.md)

# Debian wants these compressed, without a time in them.
foreach(text "muster.1:man/man1" "debian/changelog:doc/muster")
  string(REPLACE ":" ";" text ${text})
  list(GET text 0 source)
  list(GET text 1 folder)
  get_filename_component(name ${source} NAME)
  set(compressed ${CMAKE_CURRENT_BINARY_DIR}/package/${name}.gz)
  add_custom_command(OUTPUT ${compressed} DEPENDS ${deploy}/${source} VERBATIM
                     COMMAND sh -c "mkdir -p package && gzip -9nc \"$1\" >\"$2\"" sh
                             ${deploy}/${source} ${compressed})
  list(APPEND package_files ${compressed})
  install(FILES ${compressed} DESTINATION share/${folder})
endforeach()
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/package/muster.1.gz DESTINATION share/man/man1
        RENAME muster-sim.1.gz)
add_custom_target(package_files ALL DEPENDS ${package_files})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME muster)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Muster <muster@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "leaderless cluster that runs a Slack app for incidents")
set(CPACK_PACKAGE_DESCRIPTION
    "Every peer answers Slack for every channel, from a store of its own, and
brings the others up to date. Peers come, go and fail without anybody being
asked to wait. With it comes muster-sim, which runs whole clusters in virtual
time.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# systemd-sysusers and systemd-tmpfiles make the user and its folder.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "haproxy")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${deploy}/debian/postinst ${deploy}/debian/prerm
                                       ${deploy}/debian/postrm ${deploy}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
                                                GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
