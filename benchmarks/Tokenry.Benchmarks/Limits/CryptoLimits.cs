using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Limits;

/// <summary>What one core signs, verifies and hashes in a second when it does nothing else.</summary>
public sealed record CryptoLimits(double Es256Signs, double Rs256Signs, double Es256Verifies, double Hmacs)
{
    public const string Verb = "crypto";

    /// <summary>Of a request whose signature is verified before its answer is signed.</summary>
    public double Es256Both() => 1 / (1 / Es256Verifies + 1 / Es256Signs);

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(0.5);
    private const int Turns = 3;

    /// <summary>In a process of its own on the core that the servers are measured on.</summary>
    public static async Task<CryptoLimits> MeasureAsync()
    {
        using var process = Process.Start(Cores.On(Cores.Server, Environment.ProcessPath!, typeof(CryptoLimits).Assembly.Location, Verb))!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return JsonSerializer.Deserialize<CryptoLimits>(output)!;
    }

    /// <summary>The input of a signature is as long as an access token's, that of an HMAC one digest.</summary>
    public static CryptoLimits Measure()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var input = RandomNumberGenerator.GetBytes(520);
        var (ecSignature, rsaSignature, mac) = (new byte[64], new byte[256], new byte[32]);
        var key = RandomNumberGenerator.GetBytes(32);
        const DSASignatureFormat format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;
        return new CryptoLimits(
            PerSecond(() => ec.TrySignData(input, ecSignature, HashAlgorithmName.SHA256, format, out _)),
            PerSecond(() => rsa.TrySignData(input, rsaSignature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, out _)),
            PerSecond(() => ec.VerifyData(input, ecSignature, HashAlgorithmName.SHA256, format)),
            PerSecond(() => HMACSHA256.TryHashData(key, input.AsSpan(0, 32), mac, out _))
        );
    }

    /// <summary>Best of three turns, per second of this process's processor time: the limit is what is possible.</summary>
    private static double PerSecond(Func<bool> act)
    {
        using var self = Process.GetCurrentProcess();
        var best = 0.0;
        for (var turn = 0; turn <= Turns; turn++)
        {
            self.Refresh();
            var (done, before, watch) = (0L, self.TotalProcessorTime, Stopwatch.StartNew());
            while (watch.Elapsed < Turn)
            {
                for (var i = 0; i < 16; i++, done++)
                {
                    if (!act())
                    {
                        throw new CryptographicException("The limit could not be measured.");
                    }
                }
            }

            self.Refresh();
            best = Math.Max(best, done / (self.TotalProcessorTime - before).TotalSeconds);
        }

        return best;
    }
}
