# For Homebrew: a template. packaging/fill.py writes the version, the address and the sum of the source.
class Dhtui < Formula
  include Language::Python::Virtualenv

  desc "Terminal explorer for the BitTorrent Mainline DHT"
  homepage "@HOMEPAGE@"
  url "@URL@"
  version "@VERSION@"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "python@3.13"

  def install
    virtualenv_create(libexec, "python3.13", without_pip: false)
    system libexec/"bin/python", "-m", "pip", "install", buildpath
    bin.install_symlink libexec/"bin/dhtui"
    generate_completions_from_executable(bin/"dhtui", "--print-completion", shell_parameter_format: :none)
    (man1/"dhtui.1").write Utils.safe_popen_read(bin/"dhtui", "--man")
  end

  service do
    run [opt_bin/"dhtui", "--wait", "--log-json", "--listen", ":6881", "--metrics", "9469"]
    keep_alive true
    log_path var/"log/dhtui.log"
    error_log_path var/"log/dhtui.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/dhtui --version")
    # The signature that BEP 44 prints for this value.
    signed = shell_output("#{bin}/dhtui --do sign --keyname bep44test --val 'Hello World!' --seq 1")
    assert_match "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff", signed
  end
end
