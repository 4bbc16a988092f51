using System.Buffers.Binary;
using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>A credential string that is well-formed and nobody's, another one each time: each costs a look into the store.</summary>
internal static class UnknownSecret
{
    /// <param name="kind"><c>key</c>, <c>pat</c> or <c>sec</c>.</param>
    public static string Of(string kind) =>
        CredentialString.Create("tkr", kind, BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16))).Reveal();
}
