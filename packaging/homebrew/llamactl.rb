# Installs the npm package. `npm run release` fills in homepage, url and sha256, and writes the result beside the package.
class Llamactl < Formula
  desc "Control plane for local LLM inference: one API for every engine on a machine"
  homepage "https://example.invalid/llamactl"
  url "https://example.invalid/downloads/llamactl-0.0.0.tgz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "node@24"

  def install
    system "npm", "install", *std_npm_args
    (bin/"llamactl").write_env_script libexec/"bin/llamactl", PATH: "#{Formula["node@24"].opt_bin}:$PATH"
  end

  # No `service`: it has no option to keep engines alive when the server ends.
  def caveats
    <<~TEXT
      An engine such as llama-server is not part of this: brew install llama.cpp
      To start it with your log-in, with engines that outlive it:
        llamactl serve --print-unit launchd | sed "s|#{prefix}|#{opt_prefix}|" > ~/Library/LaunchAgents/local.llamactl.plist
        launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/local.llamactl.plist
      After an upgrade, for `llamactl reload` would take the old one again:
        launchctl kickstart -k gui/$(id -u)/local.llamactl
    TEXT
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/llamactl version")
  end
end
