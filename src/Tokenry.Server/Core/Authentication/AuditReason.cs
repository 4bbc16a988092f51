using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Why the server refused something, for the audit, the access log and the usage counters. A reason may say more than the caller may know, so it has its own
/// type. Answers hold a <see cref="VerificationCode"/>, and a reason cannot be passed as one.
/// </summary>
/// <param name="Name">In snake case; listed in <c>UseCodes</c>.</param>
public readonly record struct AuditReason(string Name)
{
    /// <summary>Nothing was refused.</summary>
    public static readonly AuditReason Valid = new(VerificationCode.Valid);

    /// <summary>A reason that the answer tells, too.</summary>
    /// <param name="code">One of <see cref="VerificationCode"/>.</param>
    public static AuditReason Of(string code) => new(code);

    public override string ToString() => Name;
}
