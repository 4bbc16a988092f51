using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Core.Sessions;

/// <summary>What a proof of who a person is brings: a session, or the second step of a person with a second factor.</summary>
public abstract record Admission;

/// <summary>A session that began, with the value of its cookie.</summary>
/// <param name="Id">The public id.</param>
/// <param name="Cookie">The cookie's value.</param>
public sealed record NewSession(string Id, Secret Cookie) : Admission;

/// <summary>The password was right, and the code is still missing.</summary>
/// <param name="Cookie">The value of the cookie that names this sign-in (<see cref="SecondStepCookie"/>).</param>
public sealed record NewSecondStep(Secret Cookie) : Admission;
